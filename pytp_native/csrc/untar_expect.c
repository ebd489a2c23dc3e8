/* SPDX-License-Identifier: WTFPL OR MIT
 * What is known of an archive beforehand: its members' places and checksums, from a catalog. Checksums are compared; and where
 * nothing else is wanted, the reader goes from one expected place to the next without looking at what is between. */
#include "untar_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int pytp_untar_expect(pytp_untar *untar, int hash_kind, int only)
{
    if (untar->hash == NULL || untar->hash_kind != hash_kind) {
        pytp_hash_free(untar->hash);
        untar->hash = pytp_hash_new(hash_kind);
        if (untar->hash == NULL)
            return ENOMEM;
        untar->hash_kind = hash_kind;
    }
    untar->expect.on = 1;
    untar->expect.only = only;
    return 0;
}

int pytp_untar_feed(pytp_untar *untar, const pytp_untar_expected *members, size_t count, const uint8_t *texts,
                    size_t text_length, int last)
{
    untar_expectations *expect = &untar->expect;
    if (count > expect->room) {
        pytp_untar_expected *room = realloc(expect->members, count * sizeof *members);
        if (room == NULL)
            return ENOMEM;
        expect->members = room;
        expect->room = count;
    }
    expect->texts.length = 0;
    if (untar_buffer_add(&expect->texts, texts, text_length) != 0)
        return ENOMEM;
    if (count > 0)
        memcpy(expect->members, members, count * sizeof *members);
    expect->count = count;
    expect->next = 0;
    expect->last = last;
    return 0;
}

static int is_short(const untar_expectations *expect)
{
    return expect->next == expect->count && !expect->last;
}

int untar_expect_here(pytp_untar *untar)
{
    untar_expectations *expect = &untar->expect;
    if (!expect->on || expect->only)
        return 0;
    while (expect->next < expect->count && expect->members[expect->next].at < untar->here_at)
        expect->next++;
    return is_short(expect) ? PYTP_UNTAR_FEED : 0;
}

static int is_its_name(const pytp_untar *untar, const pytp_untar_expected *expected)
{
    pytp_untar_text name = untar->member.name;
    while (name.length > 0 && name.at[name.length - 1] == '/')
        name.length--;
    return pytp_hash_seeded(name.at, name.length, 0) == expected->name_hash;
}

/* Under another name: a hard link whose first name is not restored takes that one's data. */
static void take_names(pytp_untar *untar, const pytp_untar_expected *expected)
{
    const untar_buffer *texts = &untar->expect.texts;
    if (expected->name_length > 0 && (uint64_t)expected->name_at + expected->name_length <= texts->length)
        untar->member.name = (pytp_untar_text){texts->at + expected->name_at, expected->name_length};
    if (expected->link_length > 0 && (uint64_t)expected->link_at + expected->link_length <= texts->length)
        untar->member.link = (pytp_untar_text){texts->at + expected->link_at, expected->link_length};
}

int untar_expect_match(pytp_untar *untar)
{
    untar_expectations *expect = &untar->expect;
    if (!expect->on || expect->next == expect->count)
        return 0;
    const pytp_untar_expected *expected = &expect->members[expect->next];
    int here = expected->at == untar->group_at && is_its_name(untar, expected) &&
               (expect->only || expected->mtime_s == (uint32_t)untar->member.mtime_s);
    if (expect->only && !here)
        return untar_expect_lost(untar);
    expect->in_group = 0;
    if (!here)
        return 0;
    expect->next++;
    untar->expected = expected;
    take_names(untar, expected);
    return 0;
}

int untar_expect_lost(pytp_untar *untar)
{
    untar_expectations *expect = &untar->expect;
    uint64_t at = expect->members[expect->next].at;
    uint64_t bad = untar->lost_in_gap ? untar->in.gap_start : UINT64_MAX;
    expect->next++;
    expect->in_group = untar->lost = untar->lost_in_gap = untar->pending = 0;
    untar->left = 0;
    untar->padding = 0;
    return untar_damaged(untar, (pytp_untar_text){(const uint8_t *)"", 0}, PYTP_DAMAGE_LOST, at, bad, 0);
}

int untar_expect_seek(pytp_untar *untar)
{
    untar_expectations *expect = &untar->expect;
    untar->left = 0;
    untar->padding = 0;
    untar->zeros = untar->pending = 0;
    untar->global.length = 0; /* what was said between other members */
    if (is_short(expect))
        return PYTP_UNTAR_FEED;
    if (expect->next == expect->count)
        return untar_over(untar, PYTP_UNTAR_END);
    uint64_t at = expect->members[expect->next].at;
    for (;;) {
        size_t some;
        if (untar_pause_due(untar))
            return PYTP_UNTAR_PAUSE;
        if (untar_stream_look(&untar->in, &some) == NULL) {
            untar->member.name.length = 0;
            return untar_over(untar, PYTP_UNTAR_CUT);
        }
        uint64_t here = untar_stream_position(&untar->in);
        if (here > at)
            return untar_expect_lost(untar);
        if (here == at)
            break;
        untar_stream_pass(&untar->in, (uint64_t)some < at - here ? some : (size_t)(at - here));
    }
    expect->in_group = 1;
    return 0;
}
