/* Preloaded into a node: makes syncs fail or take long, notes how far each file was synced, and shifts the wall clock.
 *
 * Everything is steered and counted through one shared page, KINDRED_CHAOS_SHIM, that the harness reads and writes while
 * the node runs; its words are named in shim.rs. Only files beneath KINDRED_CHAOS_DATA are touched. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

enum { CLOCK_OFFSET_NS, FAIL_IN, DELAY_US, ONLY_LOGS, SYNCS, FAILED, DELAYED, SHIFTED, FULL, WORDS };
enum { SYNCED = 4096 }; /* logs whose synced length is remembered */

struct synced { _Atomic uint64_t path; _Atomic uint64_t length; };
struct page { _Atomic int64_t word[WORDS]; struct synced synced[SYNCED]; };

static struct page *page;
static const char *data;
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_sync_file_range)(int, off64_t, off64_t, unsigned);
static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void start(void) {
    real_fsync = dlsym(RTLD_NEXT, "fsync");
    real_fdatasync = dlsym(RTLD_NEXT, "fdatasync");
    real_sync_file_range = dlsym(RTLD_NEXT, "sync_file_range");
    real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
    const char *path = getenv("KINDRED_CHAOS_SHIM");
    data = getenv("KINDRED_CHAOS_DATA");
    if (!path || !data) return;
    int fd = open(path, O_RDWR | O_CLOEXEC);
    if (fd < 0) return;
    void *found = mmap(NULL, sizeof(struct page), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (found != MAP_FAILED) page = found;
}

/* FNV-1a; shim.rs computes the same. */
static uint64_t hash(const char *text) {
    uint64_t sum = 0xcbf29ce484222325u;
    for (; *text; text++) sum = (sum ^ (unsigned char)*text) * 0x100000001b3u;
    return sum;
}

/* The path of an open file beneath the data folder; 0 if it is none of ours. */
static int ours(int fd, char *path, size_t size) {
    if (!page) return 0;
    char link[64] = "/proc/self/fd/";
    char digits[16];
    int n = 0;
    do { digits[n++] = '0' + fd % 10; fd /= 10; } while (fd);
    size_t at = strlen(link);
    while (n) link[at++] = digits[--n];
    link[at] = 0;
    ssize_t length = readlink(link, path, size - 1);
    if (length <= 0) return 0;
    path[length] = 0;
    return strncmp(path, data, strlen(data)) == 0;
}

static int is_log(const char *path) {
    size_t length = strlen(path);
    return length > 4 && strcmp(path + length - 4, ".log") == 0;
}

static void note(const char *path, uint64_t length) {
    uint64_t key = hash(path);
    for (unsigned n = 0; n < SYNCED; n++) {
        struct synced *slot = &page->synced[(key + n) % SYNCED];
        uint64_t seen = 0;
        if (atomic_compare_exchange_strong(&slot->path, &seen, key) || seen == key) {
            atomic_store(&slot->length, length);
            return;
        }
    }
    atomic_store(&page->word[FULL], 1);
}

/* What happens before a sync: it may take long, or fail. */
static int fault(const char *path) {
    atomic_fetch_add(&page->word[SYNCS], 1);
    if (atomic_load(&page->word[ONLY_LOGS]) && !is_log(path)) return 0;
    int64_t wait_us = atomic_load(&page->word[DELAY_US]);
    if (wait_us > 0) {
        struct timespec wait = { wait_us / 1000000, wait_us % 1000000 * 1000 };
        nanosleep(&wait, NULL);
        atomic_fetch_add(&page->word[DELAYED], 1);
    }
    int64_t left = atomic_load(&page->word[FAIL_IN]);
    while (left > 0)
        if (atomic_compare_exchange_strong(&page->word[FAIL_IN], &left, left - 1)) {
            if (left > 1) return 0;
            atomic_fetch_add(&page->word[FAILED], 1);
            errno = EIO;
            return -1;
        }
    return 0;
}

static int sync_by(int (*real)(int), int fd) {
    char path[4096];
    if (!ours(fd, path, sizeof path)) return real(fd);
    struct stat before;
    /* The length before the call: what is appended while it runs may or may not be on disk. */
    int known = fstat(fd, &before) == 0;
    if (fault(path)) return -1;
    int done = real(fd);
    if (done == 0 && known && is_log(path)) note(path, (uint64_t)before.st_size);
    return done;
}

int fsync(int fd) { return sync_by(real_fsync, fd); }
int fdatasync(int fd) { return sync_by(real_fdatasync, fd); }

/* Starts writing back; promises nothing, so it notes no length. */
int sync_file_range(int fd, off64_t from, off64_t bytes, unsigned flags) {
    char path[4096];
    if (ours(fd, path, sizeof path) && fault(path)) return -1;
    return real_sync_file_range(fd, from, bytes, flags);
}

static void shift(struct timespec *at) {
    int64_t offset = page ? atomic_load(&page->word[CLOCK_OFFSET_NS]) : 0;
    if (!offset) return;
    int64_t ns = (int64_t)at->tv_sec * 1000000000 + at->tv_nsec + offset;
    at->tv_sec = ns / 1000000000;
    at->tv_nsec = ns % 1000000000;
    atomic_fetch_add(&page->word[SHIFTED], 1);
}

int clock_gettime(clockid_t clock, struct timespec *at) {
    int done = real_clock_gettime(clock, at);
    if (done == 0 && (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE)) shift(at);
    return done;
}

int gettimeofday(struct timeval *restrict at, void *restrict zone) {
    (void)zone;
    struct timespec now;
    if (real_clock_gettime(CLOCK_REALTIME, &now)) return -1;
    shift(&now);
    at->tv_sec = now.tv_sec;
    at->tv_usec = now.tv_nsec / 1000;
    return 0;
}

time_t time(time_t *at) {
    struct timespec now;
    if (real_clock_gettime(CLOCK_REALTIME, &now)) return -1;
    shift(&now);
    if (at) *at = now.tv_sec;
    return now.tv_sec;
}
