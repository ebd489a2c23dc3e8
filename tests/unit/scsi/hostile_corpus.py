# SPDX-License-Identifier: WTFPL OR MIT
"""Answers that contradict themselves, kept because each has a way to hurt a parser: lengths of nothing and of
everything, counts that lie, descriptors without end, pages within pages."""

from __future__ import annotations

HOSTILE = {
    # READ ELEMENT STATUS
    "element descriptors of no length": "0400 0008 00 000010 02 80 0000 00 000008 0400010000000000",
    "element descriptors of one byte": "0400 0008 00 000010 02 80 0001 00 000008 0400010000000000",
    "an element page longer than the answer": "0400 0001 00 000010 02 80 0034 00 ffffff 0400010000000000",
    "an element answer longer than it is": "0400 ffff 00 ffffff 02 80 0034 00 000034 0400010000000000",
    "element type 9": "0400 0001 00 000014 09 00 000c 00 00000c 040001000000000000000000",
    "element pages of nothing, for ever": "0400 ffff 00 0000ff" + "02 00 000c 00 000000" * 31,
    "promised tags that do not fit": "0400 0001 00 000014 02 c0 000c 00 00000c 0400 01 00 0000 0000 00 81 0400",
    "an identifier longer than its element":
        "0100 0001 00 00001c 04 00 0014 00 000014 010001000000000000000000 020100ff 44524956",
    # INQUIRY pages
    "a page that tells FFFFh bytes": "01 83 ffff 02 01 00 04 41424344",
    "a designator of 255 bytes": "01 83 0008 02 01 00 ff 41424344",
    "designators of no bytes": "01 83 0010" + "02 01 00 00" * 4,
    "protection descriptors of no bytes": "01 b5 000c 00000000 00 00 00 00 00 00 00 00",
    "addresses of FFFFh bytes": "01 85 0008 00 00 ffff 41424344",
    # MODE SENSE
    "block descriptors behind the end": "0b 00 00 ff 0f 0e 000000000000",
    "block descriptors of three bytes": "0f 00 00 03 010203 0f 0e 0000000000000000",
    "a page of FFFFh bytes": "ff ff 00 00 0000 0000 4a f0 ffff 00",
    "pages of no bytes, for ever": "3f 00 00 00" + "01 00" * 30,
    # LOG SENSE
    "a log page of FFFFh bytes": "17 00 ffff 0001 03 04 00000001",
    "a parameter longer than its page": "02 00 0008 0000 03 ff 00000000",
    "parameters of no bytes": "02 00 0010" + "0000 03 00" * 4,
    "the same parameter many times": "02 00 0014" + "0006 03 01 07" * 4,
    # sense data
    "fixed sense data that tell 255 bytes more": "f0 00 05 00000000 ff 00000000 2000",
    "descriptors that tell 255 bytes": "72 05 20 00 00 00 00 ff 00 ff 80",
    "descriptors of no bytes, for ever": "72 05 20 00 00 00 00 20" + "00 00" * 16,
    # attributes, densities, operation codes, reservations, encryption, wraps
    "an attribute of FFFFh bytes": "00000009 0806 01 ffff 41424344",
    "attributes that tell 4 GiB": "ffffffff 0806 01 0004 41424344",
    "densities of one byte": "0001 0000 5a",
    "a density row of no length": "0036 0000 5a 5a 21 0000" + "00" * 49,
    "operation codes with half a time limit": "0000000c 01 00 0000 00 02 0006 000a 00 00",
    "registrants of 4 GiB": "00000001 ffffffff 00000000000000aa",
    "a transport ID of 4 GiB": "00000001 00000018 00000000000000aa 00000000 01 06 00000000 0002 ffffffff",
    "algorithms of no bytes": "0010 0020" + "00" * 16 + "01 00 0000" * 4,
    "key data longer than its page": "0020 0018 42 02 02 01 00000005 28 00 0000" + "00" * 8 + "00 02 ffff",
    "more wraps than there are": "ffff 0000 0000 0000 0000 000000001000",
    # whatever
    "nothing": "",
    "one byte": "ff",
    "zeros": "00" * 64,
    "ones": "ff" * 64,
}  # fmt: skip
"""Hexadecimal, by what is wrong."""

BAD = {
    "element descriptors of no length": "parse_element_status",
    "element descriptors of one byte": "parse_element_status",
    "element type 9": "parse_element_status",
    "block descriptors behind the end": "parse_mode_6",
    "a parameter longer than its page": "parse_log_page",
    "densities of one byte": "parse_densities",
}
"""What the parser of such an answer has to refuse."""
