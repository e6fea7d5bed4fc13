/* Faults in a process: loaded with LD_PRELOAD, it counts every call that changes a watched folder, and at the n-th one
   kills the process (before it, after half of what is written, or after it) or refuses it with an errno.
   It can also set the clock of the process back. See scripts/faults.py. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

enum { NONE, BEFORE, HALF, AFTER, REFUSE };

static char watched[4096];
static atomic_long calls, ticks;
static long at, shift, shift_at;
static int mode, refusal, trace = -1;

#define REAL(name) ((__typeof__(&name))real(#name))
static void *real(const char *name) { return dlsym(RTLD_NEXT, name); }

static void die(void) { syscall(SYS_kill, getpid(), SIGKILL); for (;;) pause(); }

void faults_arm(const char *folder, long number, int how, int error, int traced) {
    snprintf(watched, sizeof watched, "%s", folder ? folder : "");
    calls = 0; at = number; mode = how; refusal = error; trace = traced;
}
long faults_calls(void) { return calls; }
void faults_clock(long seconds, long after) { shift = seconds; shift_at = after; ticks = 0; }

__attribute__((constructor)) static void begin(void) {
    const char *folder = getenv("FAULTS_WATCH"), *clock = getenv("FAULTS_CLOCK");
    if (folder) {
        const char *n = getenv("FAULTS_AT"), *how = getenv("FAULTS_MODE"), *error = getenv("FAULTS_ERRNO");
        faults_arm(folder, n ? atol(n) : 0, how ? atoi(how) : NONE, error ? atoi(error) : 0, -1);
    }
    if (clock) {
        const char *sign = strchr(clock, '@');
        faults_clock(atol(clock), sign ? atol(sign + 1) : 0);
    }
}

static int below(const char *path) {
    size_t n = strlen(watched);
    return n && strncmp(path, watched, n) == 0 && (path[n] == 0 || path[n] == '/');
}
static const char *full(int dir, const char *path, char *out, size_t size) {
    if (path[0] == '/') { snprintf(out, size, "%s", path); return out; }
    char base[2048] = "";
    if (dir == AT_FDCWD) { if (!getcwd(base, sizeof base)) return ""; }
    else {
        char link[64]; snprintf(link, sizeof link, "/proc/self/fd/%d", dir);
        ssize_t n = readlink(link, base, sizeof base - 1);
        if (n < 0) return "";
        base[n] = 0;
    }
    snprintf(out, size, "%s/%s", base, strcmp(path, ".") ? path : "");
    return out;
}
static const char *of_fd(int fd, char *out, size_t size) {
    if (!watched[0] || fd < 3) return "";
    char link[64]; snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, out, size - 1);
    if (n < 0) return "";
    out[n] = 0;
    return out;
}

/* Whether the call is to be refused (1), done by half (2), or done and died after (3). */
static int step(const char *call, const char *path) {
    if (!watched[0] || !below(path)) return 0;
    long number = atomic_fetch_add(&calls, 1) + 1;
    if (trace >= 0) {
        char line[4400];
        int n = snprintf(line, sizeof line, "%s %s\n", call, path + strlen(watched));
        syscall(SYS_write, trace, line, n);
    }
    if (mode == REFUSE && at && number >= at) {
        /* A full disk stays full; what frees space goes on. */
        if (strcmp(call, "unlink") && strcmp(call, "rmdir")) { errno = refusal; return 1; }
        return 0;
    }
    if (number != at) return 0;
    if (mode == BEFORE) die();
    return mode == HALF ? 2 : mode == AFTER ? 3 : 0;
}
#define STEP(call, path) char held[4200]; int what = step(call, path); if (what == 1) return -1
#define DONE(value) do { __typeof__(value) _v = (value); if (what >= 2) die(); return _v; } while (0)

static int writes(int flags) { return (flags & O_ACCMODE) != O_RDONLY || (flags & (O_CREAT | O_TRUNC)); }
#define OPEN(name)                                                                                  \
    int name(const char *path, int flags, ...) {                                                    \
        va_list rest; va_start(rest, flags); mode_t mask = va_arg(rest, mode_t); va_end(rest);      \
        if (!watched[0] || !writes(flags) || (flags & O_DIRECTORY)) return REAL(name)(path, flags, mask); \
        STEP("open", full(AT_FDCWD, path, held, sizeof held));                                      \
        DONE(REAL(name)(path, flags, mask));                                                        \
    }
OPEN(open)
OPEN(open64)
#define OPENAT(name)                                                                                \
    int name(int dir, const char *path, int flags, ...) {                                           \
        va_list rest; va_start(rest, flags); mode_t mask = va_arg(rest, mode_t); va_end(rest);      \
        if (!watched[0] || !writes(flags) || (flags & O_DIRECTORY)) return REAL(name)(dir, path, flags, mask); \
        STEP("open", full(dir, path, held, sizeof held));                                           \
        DONE(REAL(name)(dir, path, flags, mask));                                                   \
    }
OPENAT(openat)
OPENAT(openat64)

ssize_t write(int fd, const void *data, size_t size) {
    STEP("write", of_fd(fd, held, sizeof held));
    if (what == 2) { REAL(write)(fd, data, size / 2); die(); }
    DONE(REAL(write)(fd, data, size));
}
#define PWRITE(name, type)                                                                          \
    ssize_t name(int fd, const void *data, size_t size, type offset) {                              \
        STEP("write", of_fd(fd, held, sizeof held));                                                \
        if (what == 2) { REAL(name)(fd, data, size / 2, offset); die(); }                           \
        DONE(REAL(name)(fd, data, size, offset));                                                   \
    }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)
ssize_t writev(int fd, const struct iovec *parts, int count) {
    STEP("write", of_fd(fd, held, sizeof held));
    if (what == 2) { REAL(writev)(fd, parts, count / 2); die(); }
    DONE(REAL(writev)(fd, parts, count));
}
ssize_t sendfile(int out, int in, off_t *offset, size_t size) {
    STEP("write", of_fd(out, held, sizeof held));
    if (what == 2) { REAL(sendfile)(out, in, offset, size / 2); die(); }
    DONE(REAL(sendfile)(out, in, offset, size));
}
ssize_t sendfile64(int out, int in, off64_t *offset, size_t size) {
    STEP("write", of_fd(out, held, sizeof held));
    if (what == 2) { REAL(sendfile64)(out, in, offset, size / 2); die(); }
    DONE(REAL(sendfile64)(out, in, offset, size));
}
int fsync(int fd) { STEP("fsync", of_fd(fd, held, sizeof held)); DONE(REAL(fsync)(fd)); }
int fdatasync(int fd) { STEP("fsync", of_fd(fd, held, sizeof held)); DONE(REAL(fdatasync)(fd)); }
int ftruncate(int fd, off_t size) { STEP("truncate", of_fd(fd, held, sizeof held)); DONE(REAL(ftruncate)(fd, size)); }
int ftruncate64(int fd, off64_t size) { STEP("truncate", of_fd(fd, held, sizeof held)); DONE(REAL(ftruncate64)(fd, size)); }
int rename(const char *from, const char *to) {
    STEP("rename", full(AT_FDCWD, to, held, sizeof held)); DONE(REAL(rename)(from, to));
}
int renameat(int a, const char *from, int b, const char *to) {
    STEP("rename", full(b, to, held, sizeof held)); DONE(REAL(renameat)(a, from, b, to));
}
int link(const char *from, const char *to) { STEP("link", full(AT_FDCWD, to, held, sizeof held)); DONE(REAL(link)(from, to)); }
int symlink(const char *from, const char *to) { STEP("link", full(AT_FDCWD, to, held, sizeof held)); DONE(REAL(symlink)(from, to)); }
int unlink(const char *path) { STEP("unlink", full(AT_FDCWD, path, held, sizeof held)); DONE(REAL(unlink)(path)); }
int unlinkat(int dir, const char *path, int flags) {
    STEP("unlink", full(dir, path, held, sizeof held)); DONE(REAL(unlinkat)(dir, path, flags));
}
int rmdir(const char *path) { STEP("rmdir", full(AT_FDCWD, path, held, sizeof held)); DONE(REAL(rmdir)(path)); }
int mkdir(const char *path, mode_t mask) { STEP("mkdir", full(AT_FDCWD, path, held, sizeof held)); DONE(REAL(mkdir)(path, mask)); }
int mkdirat(int dir, const char *path, mode_t mask) {
    STEP("mkdir", full(dir, path, held, sizeof held)); DONE(REAL(mkdirat)(dir, path, mask));
}

static long moved(void) { return shift && atomic_fetch_add(&ticks, 1) >= shift_at ? shift : 0; }
int clock_gettime(clockid_t clock, struct timespec *out) {
    int code = (int)syscall(SYS_clock_gettime, clock, out);
    if (code == 0 && clock == CLOCK_REALTIME) out->tv_sec += moved();
    return code;
}
int gettimeofday(struct timeval *out, void *zone) {
    struct timespec now;
    (void)zone;
    if (clock_gettime(CLOCK_REALTIME, &now)) return -1;
    out->tv_sec = now.tv_sec; out->tv_usec = now.tv_nsec / 1000;
    return 0;
}
time_t time(time_t *out) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    if (out) *out = now.tv_sec;
    return now.tv_sec;
}
