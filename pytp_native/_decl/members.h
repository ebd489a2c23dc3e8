/* SPDX-License-Identifier: WTFPL OR MIT */
/* Member records as a stream; see csrc/members.h. */
typedef struct { uint64_t members, line_bytes; ...; } pytp_members_tally;
void pytp_member_swap(uint8_t *head);
size_t pytp_members_count(const uint8_t *records, size_t length, uint64_t limit_bytes, uint32_t block_bytes,
                          pytp_members_tally *tally, int *beyond);
size_t pytp_members_lines(const uint8_t *records, size_t length, uint8_t *lines, size_t room);
size_t pytp_members_pick(const uint8_t *records, size_t length, uint64_t from, uint64_t limit, uint32_t block_bytes,
                         uint64_t most, size_t *picked);
