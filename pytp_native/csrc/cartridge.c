/* SPDX-License-Identifier: WTFPL OR MIT */
#include "cartridge.h"

#include <endian.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hash.h"

static const char MAGIC[8] = "PYTPIDX1";

typedef struct {
    char magic[8];
    uint64_t seed, synced, boot;
    uint64_t stripes; /* data files; 0: one */
    uint64_t reserved[3];
} header;

typedef struct {
    uint64_t offset;
    uint32_t length, check;
} record;

_Static_assert(sizeof(header) == PYTP_CARTRIDGE_HEADER, "index header");
_Static_assert(sizeof(record) == PYTP_CARTRIDGE_RECORD, "index record");

/* --- the index -------------------------------------------------------------------------------------------------------- */

static uint64_t place(uint64_t at)
{
    return PYTP_CARTRIDGE_HEADER + at * PYTP_CARTRIDGE_RECORD;
}

static int write_record(pytp_cartridge *c, uint64_t offset, uint32_t length, uint32_t check)
{
    record r = {htole64(offset), htole32(length), htole32(check)};
    return pytp_host_write(c->index_fd, &r, sizeof r, place(c->count));
}

static record decoded(record r)
{
    return (record){le64toh(r.offset), le32toh(r.length), le32toh(r.check)};
}

static int read_record(pytp_cartridge *c, uint64_t at, record *r)
{
    record raw;
    int error = pytp_host_read(c->index_fd, &raw, sizeof raw, place(at));
    *r = decoded(raw);
    return error;
}

/* --- checks ---------------------------------------------------------------------------------------------------------- */

static uint64_t seed_of(const pytp_cartridge *c, uint64_t at)
{
    return c->seed + at * 0x9E3779B97F4A7C15u;
}

static uint32_t check_block(const pytp_cartridge *c, uint64_t at, const void *data, size_t length)
{
    return (uint32_t)pytp_hash_seeded(data, length, seed_of(c, at));
}

static uint32_t check_mark(const pytp_cartridge *c, uint64_t at, uint64_t offset)
{
    offset = htole64(offset);
    return check_block(c, at, &offset, sizeof offset);
}

/* --- open, sync ------------------------------------------------------------------------------------------------------ */

int pytp_cartridge_format(int index_fd, uint64_t seed)
{
    header h = {.seed = htole64(seed), .stripes = htole64(PYTP_STRIPES)};
    memcpy(h.magic, MAGIC, sizeof MAGIC);
    return pytp_host_write(index_fd, &h, sizeof h, 0);
}

static int write_boot(pytp_cartridge *c, uint64_t boot)
{
    uint64_t raw = htole64(boot);
    return pytp_host_write(c->index_fd, &raw, sizeof raw, offsetof(header, boot));
}

static int write_synced(pytp_cartridge *c)
{
    uint64_t synced = htole64(c->synced);
    return pytp_host_write(c->index_fd, &synced, sizeof synced, offsetof(header, synced));
}

/* The records of a map of the whole index, or NULL with errno; an empty index has none. */
static const record *map_records(pytp_cartridge *c)
{
    const uint8_t *map = mmap(NULL, place(c->count), PROT_READ, MAP_SHARED, c->index_fd, 0);
    return map == MAP_FAILED ? NULL : (const record *)(map + PYTP_CARTRIDGE_HEADER);
}

static void unmap_records(pytp_cartridge *c, const record *records)
{
    munmap((void *)((const uint8_t *)records - PYTP_CARTRIDGE_HEADER), place(c->count));
}

/* 0 when object `at`, whose record was read from the index, is as it was written; `follows` is where its data must begin.
 * EBADMSG when it is not, another errno when that cannot be found out. */
static int examine(pytp_cartridge *c, uint64_t at, record r, uint64_t follows, int compare)
{
    if (r.offset != follows)
        return EBADMSG;
    if (r.length == 0)
        return r.check == check_mark(c, at, r.offset) ? 0 : EBADMSG;
    if (!compare)
        return 0;
    uint8_t *data = malloc(r.length);
    int error = data == NULL ? ENOMEM : pytp_striped_read(&c->data, data, r.length, r.offset);
    if (error == 0 && r.check != check_block(c, at, data, r.length))
        error = EBADMSG;
    free(data);
    return error;
}

/* Count the objects; those behind `synced` count only up to the first that is not whole. Reads rather than maps, because
 * somebody who only looks may do so while the user cuts the file. */
static int count_objects(pytp_cartridge *c, uint64_t data_length, int compare)
{
    record chunk[1024];
    uint64_t good = 0, end = 0;
    for (; good < c->count; good++) {
        uint64_t in_chunk = good % 1024, left = c->count - good;
        if (in_chunk == 0) {
            int error = pytp_host_read(c->index_fd, chunk, (left < 1024 ? left : 1024) * sizeof(record), place(good));
            if (error != 0)
                return error;
        }
        record r = decoded(chunk[in_chunk]);
        int error = 0;
        if (good >= c->synced)
            error = end + r.length > data_length ? EBADMSG : examine(c, good, r, end, compare);
        if (error == EBADMSG)
            break;
        if (error != 0) /* nothing may be cut off for that */
            return error;
        c->filemarks += r.length == 0;
        end = r.offset + r.length;
    }
    c->torn = c->count - good;
    c->count = good;
    c->data_bytes = end;
    return 0;
}

int pytp_cartridge_open(pytp_cartridge *c, int even_fd, int odd_fd, int index_fd, uint64_t boot, int writable)
{
    struct stat index;
    uint64_t data_length;
    header h;
    memset(c, 0, sizeof *c);
    c->data = (pytp_striped){.fds = {even_fd, odd_fd}};
    c->index_fd = index_fd;
    int error = pytp_host_read(index_fd, &h, sizeof h, 0);
    if (error != 0)
        return error;
    if (memcmp(h.magic, MAGIC, sizeof MAGIC) != 0)
        return EBADMSG;
    c->data.files = h.stripes == 0 ? 1 : PYTP_STRIPES;
    if (c->data.files > 1 && odd_fd < 0)
        return EBADMSG;
    if (fstat(index_fd, &index) != 0)
        return errno;
    if ((error = pytp_striped_length(&c->data, &data_length)) != 0)
        return error;
    c->seed = le64toh(h.seed);
    c->synced = le64toh(h.synced);
    c->count = ((uint64_t)index.st_size - PYTP_CARTRIDGE_HEADER) / PYTP_CARTRIDGE_RECORD;
    if (c->synced > c->count)
        return EBADMSG;
    error = count_objects(c, data_length, le64toh(h.boot) != boot);
    if (error != 0 || !writable)
        return error;
    if (c->torn > 0 && (error = pytp_cartridge_cut(c, c->count)) != 0)
        return error;
    return le64toh(h.boot) == boot ? 0 : write_boot(c, boot);
}

int pytp_cartridge_sync(pytp_cartridge *c)
{
    if (c->synced == c->count)
        return 0;
    int error = pytp_striped_sync(&c->data);
    if (error != 0)
        return error;
    if (fdatasync(c->index_fd) != 0)
        return errno;
    /* Only now, and no sync behind it: a header that says more than the disk holds would be damage, one that says less makes
     * the next open() compare what is there. */
    uint64_t before = c->synced;
    c->synced = c->count;
    error = write_synced(c);
    if (error != 0)
        c->synced = before;
    return error;
}

/* --- writing --------------------------------------------------------------------------------------------------------- */

int pytp_cartridge_put(pytp_cartridge *c, const pytp_new_block *block, uint32_t *check)
{
    if (block->length == 0 || block->length > UINT32_MAX)
        return EINVAL;
    *check = check_block(c, block->at, block->data, block->length);
    return pytp_striped_write(&c->data, block->data, block->length, block->offset);
}

int pytp_cartridge_commit(pytp_cartridge *c, size_t length, uint32_t check)
{
    int error = write_record(c, c->data_bytes, (uint32_t)length, check);
    if (error != 0)
        return error;
    c->data_bytes += length;
    c->count++;
    return 0;
}

void pytp_cartridge_trim(pytp_cartridge *c)
{
    /* The bytes would be written over anyway: a failure costs room only. */
    (void)!pytp_striped_cut(&c->data, c->data_bytes);
}

int pytp_cartridge_append(pytp_cartridge *c, const uint8_t *data, size_t length)
{
    uint32_t check;
    pytp_new_block block = {data, length, c->count, c->data_bytes};
    int error = pytp_cartridge_put(c, &block, &check);
    if (error == 0)
        error = pytp_cartridge_commit(c, length, check);
    if (error != 0 && length != 0)
        pytp_cartridge_trim(c);
    return error;
}

int pytp_cartridge_mark(pytp_cartridge *c)
{
    int error = write_record(c, c->data_bytes, 0, check_mark(c, c->count, c->data_bytes));
    if (error == 0) {
        c->count++;
        c->filemarks++;
    }
    return error;
}

int pytp_cartridge_cut(pytp_cartridge *c, uint64_t at)
{
    uint64_t data_bytes = c->data_bytes, since;
    record r;
    int error;
    if (at > c->count)
        return EINVAL;
    if (at < c->count) {
        if ((error = read_record(c, at, &r)) != 0)
            return error;
        data_bytes = r.offset;
    }
    int64_t filemarks = pytp_cartridge_marks_before(c, at, &since);
    if (filemarks < 0)
        return (int)-filemarks;
    if (c->synced > at) {
        c->synced = at;
        if ((error = write_synced(c)) != 0)
            return error;
        if (fdatasync(c->index_fd) != 0) /* before the index gets shorter than the header says */
            return errno;
    }
    /* Index first: data that no record names is never read. */
    if (ftruncate(c->index_fd, (off_t)place(at)) != 0)
        return errno;
    c->count = at;
    c->filemarks = (uint64_t)filemarks;
    c->data_bytes = data_bytes;
    return pytp_striped_cut(&c->data, data_bytes);
}

/* --- reading --------------------------------------------------------------------------------------------------------- */

int pytp_cartridge_look(pytp_cartridge *c, uint64_t at, uint32_t *length)
{
    record r;
    *length = 0;
    if (at >= c->count)
        return PYTP_AT_END;
    int error = read_record(c, at, &r);
    if (error != 0)
        return -error;
    *length = r.length;
    if (r.length != 0)
        return PYTP_AT_BLOCK;
    return r.check == check_mark(c, at, r.offset) ? PYTP_AT_FILEMARK : PYTP_AT_DAMAGE;
}

int64_t pytp_cartridge_read(pytp_cartridge *c, uint64_t at, uint8_t *into, size_t room)
{
    record r;
    if (at >= c->count)
        return -ENODATA;
    int error = read_record(c, at, &r);
    if (error != 0)
        return -error;
    if (r.length > room)
        return r.length;
    error = pytp_striped_read(&c->data, into, r.length, r.offset);
    if (error != 0)
        return -error;
    return r.check == check_block(c, at, into, r.length) ? (int64_t)r.length : -EBADMSG;
}

/* --- spacing --------------------------------------------------------------------------------------------------------- */

int64_t pytp_cartridge_space_marks(pytp_cartridge *c, uint64_t *at, int64_t count)
{
    const record *records = map_records(c);
    int64_t done = 0;
    if (records == NULL)
        return -errno;
    while (done < count && *at < c->count)
        done += records[(*at)++].length == 0;
    while (done < -count && *at > 0)
        done += records[--*at].length == 0;
    unmap_records(c, records);
    return done;
}

int64_t pytp_cartridge_space_blocks(pytp_cartridge *c, uint64_t *at, int64_t count, int *hit)
{
    const record *records = map_records(c);
    int64_t done = 0;
    *hit = 0;
    if (records == NULL)
        return -errno;
    for (; done < count && *at < c->count && !*hit; done += !*hit)
        *hit = records[(*at)++].length == 0;
    for (; done < -count && *at > 0 && !*hit; done += !*hit)
        *hit = records[--*at].length == 0;
    unmap_records(c, records);
    return done;
}

int64_t pytp_cartridge_marks_before(pytp_cartridge *c, uint64_t at, uint64_t *since)
{
    const record *records = map_records(c);
    int64_t marks = 0;
    *since = at;
    if (records == NULL)
        return -errno;
    for (uint64_t i = 0; i < at; i++)
        if (records[i].length == 0) {
            marks++;
            *since = at - i - 1;
        }
    unmap_records(c, records);
    return marks;
}

int64_t pytp_cartridge_verify(pytp_cartridge *c)
{
    const record *records = map_records(c);
    uint64_t end = 0, at = 0;
    if (records == NULL)
        return -errno - 1;
    for (; at < c->count; at++) {
        record r = decoded(records[at]);
        int error = examine(c, at, r, end, 1);
        if (error != 0) {
            unmap_records(c, records);
            return error == EBADMSG ? (int64_t)at : -(int64_t)error - 1;
        }
        end = r.offset + r.length;
    }
    unmap_records(c, records);
    return -1;
}
