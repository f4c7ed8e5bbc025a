/*
 * A disk that fails on demand. Preloaded into a process, it counts what the process asks of the files in one directory,
 * and lets chosen calls fail.
 *
 *   DISK  the directory, as the kernel names it; it need not be there yet
 *   PLAN  a file of seven 32-bit numbers, shared with whoever steers: see `struct plan`
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <unistd.h>

/* OPENS are those that would make a missing file: SQLite's, and not of those who look at the files from outside. */
enum calls { CHANGES, SYNCS, READS, OPENS };

static volatile struct plan {
  int32_t calls;   /* so many calls have come */
  int32_t failed;  /* so many of them have failed */
  int32_t from;    /* the first call that fails; 0: none */
  int32_t to;      /* the last one */
  int32_t error;   /* its errno */
  int32_t torn;    /* 1: a write that fails has written half */
  int32_t counted; /* which calls count: one of `enum calls` */
} *plan;

static const char *disk;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("PLAN");
  disk = getenv("DISK");
  if (!disk || !path) return;
  int fd = open(path, O_RDWR | O_CLOEXEC);
  void *map = fd < 0 ? MAP_FAILED : mmap(NULL, sizeof *plan, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) {
    perror("PLAN");
    abort();
  }
  close(fd);
  plan = map;
}

/* Counts a call on `path`. Tells whether it must fail. */
static int fails(const char *path, enum calls of) {
  if (strncmp(path, disk, strlen(disk)) != 0 || plan->counted != (int32_t)of) return 0;
  int call = ++plan->calls;
  if (plan->from == 0 || call < plan->from || call > plan->to) return 0;
  plan->failed++;
  return 1;
}

static int refuse(void) {
  errno = plan->error;
  return -1;
}

static int fails_on(int fd, enum calls of) {
  if (!plan) return 0;
  char link[64], path[4096];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return 0;
  path[length] = 0;
  return fails(path, of);
}

static int fails_at(const char *path, enum calls of) {
  if (!plan) return 0;
  return fails(path, of);
}

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

#define PWRITE(name, offset)                                            \
  ssize_t name(int fd, const void *bytes, size_t count, offset at) {    \
    if (!fails_on(fd, CHANGES)) return REAL(name)(fd, bytes, count, at);      \
    if (plan->torn) (void)!REAL(name)(fd, bytes, count / 2, at);        \
    return refuse();                                                    \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

ssize_t write(int fd, const void *bytes, size_t count) {
  if (!fails_on(fd, CHANGES)) return REAL(write)(fd, bytes, count);
  if (plan->torn) (void)!REAL(write)(fd, bytes, count / 2);
  return refuse();
}

ssize_t writev(int fd, const struct iovec *parts, int count) {
  return fails_on(fd, CHANGES) ? refuse() : REAL(writev)(fd, parts, count);
}

#define PREAD(name, offset)                                                           \
  ssize_t name(int fd, void *bytes, size_t count, offset at) {                        \
    return fails_on(fd, READS) ? refuse() : REAL(name)(fd, bytes, count, at);             \
  }
PREAD(pread, off_t)
PREAD(pread64, off64_t)

#define ON_FILE(name) \
  int name(int fd) { return fails_on(fd, SYNCS) ? refuse() : REAL(name)(fd); }
ON_FILE(fsync)
ON_FILE(fdatasync)

#define TRUNCATE(name, offset) \
  int name(int fd, offset length) { return fails_on(fd, CHANGES) ? refuse() : REAL(name)(fd, length); }
TRUNCATE(ftruncate, off_t)
TRUNCATE(ftruncate64, off64_t)

int unlink(const char *path) {
  return fails_at(path, CHANGES) ? refuse() : REAL(unlink)(path);
}

/* Of a file in the directory: those who look at it from outside rename it as a whole. */
static int fails_within(const char *path, enum calls of) {
  return plan && strlen(path) > strlen(disk) && path[strlen(disk)] == '/' && fails(path, of);
}

int rename(const char *from, const char *to) {
  return fails_within(from, CHANGES) ? refuse() : REAL(rename)(from, to);
}

int renameat(int fd, const char *from, int to_fd, const char *to) {
  return fails_within(from, CHANGES) ? refuse() : REAL(renameat)(fd, from, to_fd, to);
}

#define OPEN(name)                                                      \
  int name(const char *path, int flags, ...) {                          \
    va_list rest;                                                       \
    va_start(rest, flags);                                              \
    int mode = va_arg(rest, int);                                       \
    va_end(rest);                                                       \
    if ((flags & O_CREAT) && fails_at(path, OPENS)) return refuse();        \
    return REAL(name)(path, flags, mode);                               \
  }
OPEN(open)
OPEN(open64)
