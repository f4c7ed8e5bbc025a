/*
 * What a process does to the files of one directory, and a disk that stalls. Preloaded into the process.
 *
 *   DISK     the directory, as the kernel names it; it need not be there yet
 *   JOURNAL  the file where it is written down, one record after the other: see `struct record`
 *   STALL    as long as a file of this name is there, no sync begins
 *
 * A write is written down when it has been done, a sync when it begins and when it ends: so what had been written
 * before a sync began is on the disk when it has ended. What the process says (`say`) stands in between.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum kind { WRITE, TRUNCATE, SYNC_BEGINS, SYNC_ENDS, UNLINK, NOTE, RENAME };

/* Behind it come `path` bytes of the name below the directory, "" for itself, and `data` bytes of what was written; of
   a renaming, of the new name. */
struct record {
  uint32_t kind;
  uint32_t thread; /* 0 for the main one */
  uint32_t path;
  uint32_t data;
  uint64_t at; /* of a write, its offset; of a truncation, the length that is left */
};

#define REAL(name) ((typeof(&name))dlsym(RTLD_NEXT, #name))

static const char *disk, *stall;
static int journal = -1;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void start(void) {
  const char *path = getenv("JOURNAL");
  disk = getenv("DISK");
  stall = getenv("STALL");
  if (disk && path) journal = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

/* The name of a file of the directory, below it; "" for itself, NULL for any other. */
static const char *name_in(const char *path) {
  size_t length = strlen(disk);
  if (strncmp(path, disk, length) != 0) return NULL;
  if (path[length] == 0) return "";
  return path[length] == '/' ? path + length + 1 : NULL;
}

static const char *name_of(int fd, char *path, size_t size) {
  if (journal < 0) return NULL;
  char link[64];
  snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
  ssize_t length = readlink(link, path, size - 1);
  if (length < 0) return NULL;
  path[length] = 0;
  return name_in(path);
}

static void note(enum kind kind, const char *name, uint64_t at, const void *bytes, size_t count) {
  pid_t thread = syscall(SYS_gettid);
  struct record record = {kind, thread == getpid() ? 0 : thread, strlen(name), count, at};
  struct iovec parts[] = {{&record, sizeof record}, {(void *)name, record.path}, {(void *)bytes, count}};
  pthread_mutex_lock(&lock);
  if (REAL(writev)(journal, parts, 3) < 0) abort();
  pthread_mutex_unlock(&lock);
}

#define PWRITE(function, offset)                                               \
  ssize_t function(int fd, const void *bytes, size_t count, offset at) {       \
    ssize_t written = REAL(function)(fd, bytes, count, at);                    \
    char path[4096];                                                           \
    const char *name = name_of(fd, path, sizeof path);                         \
    if (name && written > 0) note(WRITE, name, at, bytes, written);            \
    return written;                                                            \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

/* For the process itself: what it says stands between what it does. */
void say(const char *text) {
  if (journal >= 0) note(NOTE, "", 0, text, strlen(text));
}

#define SYNC(function)                                                         \
  int function(int fd) {                                                       \
    char path[4096];                                                           \
    const char *name = name_of(fd, path, sizeof path);                         \
    if (!name) return REAL(function)(fd);                                      \
    note(SYNC_BEGINS, name, 0, NULL, 0);                                       \
    while (stall && access(stall, F_OK) == 0) usleep(5000);                    \
    int result = REAL(function)(fd);                                           \
    if (result == 0) note(SYNC_ENDS, name, 0, NULL, 0);                        \
    return result;                                                             \
  }
SYNC(fsync)
SYNC(fdatasync)

#define TRUNCATE_TO(function, offset)                                          \
  int function(int fd, offset length) {                                        \
    int result = REAL(function)(fd, length);                                   \
    char path[4096];                                                           \
    const char *name = name_of(fd, path, sizeof path);                         \
    if (name && result == 0) note(TRUNCATE, name, length, NULL, 0);            \
    return result;                                                             \
  }
TRUNCATE_TO(ftruncate, off_t)
TRUNCATE_TO(ftruncate64, off64_t)

int unlink(const char *path) {
  int result = REAL(unlink)(path);
  const char *name = journal < 0 ? NULL : name_in(path);
  if (name && result == 0) note(UNLINK, name, 0, NULL, 0);
  return result;
}

static void note_rename(const char *from, const char *to) {
  const char *old = journal < 0 ? NULL : name_in(from), *new = journal < 0 ? NULL : name_in(to);
  if (old && new) note(RENAME, old, 0, new, strlen(new));
}

int rename(const char *from, const char *to) {
  int result = REAL(rename)(from, to);
  if (result == 0) note_rename(from, to);
  return result;
}

int renameat(int fd, const char *from, int to_fd, const char *to) {
  int result = REAL(renameat)(fd, from, to_fd, to);
  if (result == 0) note_rename(from, to);
  return result;
}

int unlinkat(int fd, const char *path, int flags) {
  int result = REAL(unlinkat)(fd, path, flags);
  const char *name = journal < 0 ? NULL : name_in(path);
  if (name && result == 0) note(UNLINK, name, 0, NULL, 0);
  return result;
}
