/* SPDX-License-Identifier: WTFPL OR MIT
 * Restoring: what is wanted, where it goes, and member after member until the archive ends. */
#include "untar_parts.h"

#include <errno.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int untar_is_wanted(pytp_untar *untar)
{
    const char *path = (const char *)untar->path.at;
    int any = untar->pattern_count == 0;
    for (size_t i = 0; i < untar->pattern_count; i++) {
        untar_pattern *pattern = &untar->patterns[i];
        size_t length = pattern->length;
        int hit = length == 0 || (untar->path.length >= length && memcmp(path, pattern->text, length) == 0 &&
                                  (path[length] == 0 || path[length] == '/'));
        if (!hit && pattern->glob)
            hit = fnmatch(pattern->text, path, FNM_LEADING_DIR) == 0;
        pattern->matched |= hit;
        any |= hit;
    }
    return any;
}

int pytp_untar_target(pytp_untar *untar, int directory, int existing, int owners, int target_is_ours)
{
    untar->root = untar->parents.root = untar->links.root = directory;
    untar->parents.made = &untar->made;
    untar->existing = existing;
    untar->root_is_ours = target_is_ours;
    untar->rules = (untar_rules){.owners = owners, .euid = geteuid(), .egid = getegid()};
    return 0;
}

void pytp_untar_strip(pytp_untar *untar, size_t components)
{
    untar->strip = components;
}

void pytp_untar_output(pytp_untar *untar, int descriptor)
{
    untar->sink = descriptor < 0 ? TO_NOTHING : TO_OUTPUT;
    untar->output = descriptor;
}

int pytp_untar_pattern(pytp_untar *untar, const uint8_t *pattern, size_t length)
{
    int absolute;
    if (untar_clean((pytp_untar_text){pattern, length}, &untar->scratch, &absolute) != NULL)
        return EINVAL;
    untar_pattern *patterns = realloc(untar->patterns, (untar->pattern_count + 1) * sizeof *patterns);
    if (patterns == NULL)
        return ENOMEM;
    untar->patterns = patterns;
    char *text = strdup((const char *)untar->scratch.at);
    if (text == NULL)
        return ENOMEM;
    patterns[untar->pattern_count++] = (untar_pattern){text, untar->scratch.length, strpbrk(text, "*?[\\") != NULL, 0};
    return 0;
}

int pytp_untar_matched(pytp_untar *untar, size_t pattern)
{
    return pattern < untar->pattern_count && untar->patterns[pattern].matched;
}

int pytp_untar_wants(pytp_untar *untar, const uint8_t *name, size_t length)
{
    int absolute;
    return untar_clean((pytp_untar_text){name, length}, &untar->path, &absolute) == NULL && untar_is_wanted(untar);
}

/* A final event waits until the crew has finished, and told what went wrong. */
static int after_the_crew(pytp_untar *untar, int event)
{
    if (untar->over == 0)
        return event;
    int trouble = untar_crew_wait(untar);
    return trouble != 0 ? trouble : event;
}

int pytp_untar_extract(pytp_untar *untar)
{
    for (;;) {
        int event = 0;
        if (!untar->file.filling) {
            event = untar->place_again ? PYTP_UNTAR_MEMBER : pytp_untar_next(untar);
            untar->place_again = 0;
            if (event == PYTP_UNTAR_MEMBER)
                event = untar_place(untar);
        }
        if (event == 0 && untar->file.filling)
            event = untar_fill(untar);
        if (event == 0 && untar->absolute_told == 1) {
            untar->absolute_told = 2;
            event = untar_trouble(untar, "absolute names are restored beneath the target, without their leading \"/\"", 0);
        }
        if (event != 0)
            return after_the_crew(untar, event);
    }
}
