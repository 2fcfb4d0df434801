/* Loaded in front of the system's library (LD_PRELOAD), this writes down, in order, everything that a process tells its disk about
 * the files of one folder: what is made, written, cut to a length, renamed, deleted, and what is made durable.
 *
 *   TANDEM_RECORD_FOLDER    the folder, by its real path
 *   TANDEM_RECORD_JOURNAL   where to write it down; one append is one record, so others may add records of their own
 *
 * A record is, in little-endian order: kind (1 byte), inode (8), offset (8), length of the path (4), length of the data (4), the path,
 * the data. Kinds: C made, W written, T cut to the length in `offset`, S made durable (with the path, which may be a folder's),
 * R renamed (the data is the new path), U deleted, D folder made.
 *
 * One call at a time is let through, so that the journal has them in the order in which they took effect. What asks for durability
 * is written down and not done: the test decides what a disk would have kept. Index files of SQLite's log ("-shm") are memory, not
 * data, and are left out. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#define MOST 65536

static int journal = -1;
static char folder[PATH_MAX];
static size_t folder_length;
/* The inode of each open file that is followed; 0 for all others. */
static uint64_t followed[MOST];
static pthread_mutex_t turn = PTHREAD_MUTEX_INITIALIZER;

__attribute__((constructor)) static void begin(void) {
    const char *where = getenv("TANDEM_RECORD_FOLDER"), *to = getenv("TANDEM_RECORD_JOURNAL");
    if (!where || !to) return;
    snprintf(folder, sizeof folder, "%s", where);
    folder_length = strlen(folder);
    journal = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (journal < 0) abort();
}

static void record(char kind, uint64_t inode, uint64_t offset, const char *path, const void *data, size_t length) {
    unsigned char head[25];
    uint32_t path_length = (uint32_t)strlen(path), data_length = (uint32_t)length;
    head[0] = (unsigned char)kind;
    memcpy(head + 1, &inode, 8);
    memcpy(head + 9, &offset, 8);
    memcpy(head + 17, &path_length, 4);
    memcpy(head + 21, &data_length, 4);
    struct iovec parts[3] = {{head, sizeof head}, {(void *)path, path_length}, {(void *)data, length}};
    /* A record that is not whole would make the rest unreadable. */
    if (syscall(SYS_writev, journal, parts, 3) != (long)(sizeof head + path_length + length)) abort();
}

static int inside(const char *path) {
    size_t length = strlen(path);
    if (strncmp(path, folder, folder_length) != 0 || (path[folder_length] != '/' && path[folder_length] != 0)) return 0;
    return length < 4 || strcmp(path + length - 4, "-shm") != 0;
}

/* The path as the kernel knows it. */
static int path_of(int fd, char *path) {
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = syscall(SYS_readlinkat, AT_FDCWD, link, path, PATH_MAX - 1);
    if (length < 0) return 0;
    path[length] = 0;
    return 1;
}

static int absolute(int at, const char *path, char *out) {
    char base[PATH_MAX];
    if (path[0] == '/') return snprintf(out, PATH_MAX, "%s", path) < PATH_MAX;
    if (at == AT_FDCWD ? !getcwd(base, sizeof base) : !path_of(at, base)) return 0;
    return snprintf(out, PATH_MAX, "%s/%s", base, path) < PATH_MAX;
}

static int follows(int fd) { return journal >= 0 && fd >= 0 && fd < MOST && followed[fd] != 0; }

static int opened(int at, const char *path, int flags, mode_t mode) {
    if (journal < 0) return (int)syscall(SYS_openat, at, path, flags, mode);
    pthread_mutex_lock(&turn);
    int existed = syscall(SYS_faccessat, at, path, F_OK) == 0;
    int fd = (int)syscall(SYS_openat, at, path, flags, mode), error = errno;
    if (fd >= MOST) abort();
    if (fd >= 0) {
        char real[PATH_MAX];
        struct stat about;
        followed[fd] = 0;
        if (path_of(fd, real) && inside(real) && fstat(fd, &about) == 0 && (S_ISREG(about.st_mode) || S_ISDIR(about.st_mode))) {
            followed[fd] = about.st_ino;
            if (!existed) record('C', about.st_ino, 0, real, "", 0);
            else if (flags & O_TRUNC) record('T', about.st_ino, 0, "", "", 0);
        }
    }
    pthread_mutex_unlock(&turn);
    errno = error;
    return fd;
}

static mode_t mode_of(int flags, va_list rest) { return (flags & (O_CREAT | O_TMPFILE)) ? (mode_t)va_arg(rest, int) : 0; }

int open(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(AT_FDCWD, path, flags, mode);
}
int open64(const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(AT_FDCWD, path, flags, mode);
}
int openat(int at, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(at, path, flags, mode);
}
int openat64(int at, const char *path, int flags, ...) {
    va_list rest;
    va_start(rest, flags);
    mode_t mode = mode_of(flags, rest);
    va_end(rest);
    return opened(at, path, flags, mode);
}

int close(int fd) {
    if (!follows(fd)) return (int)syscall(SYS_close, fd);
    pthread_mutex_lock(&turn);
    followed[fd] = 0;
    int done = (int)syscall(SYS_close, fd), error = errno;
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

static ssize_t written(int fd, const void *data, size_t length, off_t offset, int placed) {
    if (!follows(fd)) {
        return placed ? syscall(SYS_pwrite64, fd, data, length, offset) : syscall(SYS_write, fd, data, length);
    }
    pthread_mutex_lock(&turn);
    ssize_t done;
    if (placed) {
        done = syscall(SYS_pwrite64, fd, data, length, offset);
    } else {
        done = syscall(SYS_write, fd, data, length);
        /* Where it went is told by where the file stands now; that is right for appending, too. */
        if (done >= 0) offset = (off_t)syscall(SYS_lseek, fd, 0, SEEK_CUR) - done;
    }
    int error = errno;
    if (done > 0) record('W', followed[fd], (uint64_t)offset, "", data, (size_t)done);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}

ssize_t write(int fd, const void *data, size_t length) { return written(fd, data, length, 0, 0); }
ssize_t pwrite(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset, 1); }
ssize_t pwrite64(int fd, const void *data, size_t length, off_t offset) { return written(fd, data, length, offset, 1); }

static int cut(int fd, off_t length) {
    if (!follows(fd)) return (int)syscall(SYS_ftruncate, fd, length);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_ftruncate, fd, length), error = errno;
    if (done == 0) record('T', followed[fd], (uint64_t)length, "", "", 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}
int ftruncate(int fd, off_t length) { return cut(fd, length); }
int ftruncate64(int fd, off_t length) { return cut(fd, length); }

static int durable(int fd, long call) {
    char path[PATH_MAX];
    if (!follows(fd)) return (int)syscall(call, fd);
    pthread_mutex_lock(&turn);
    if (path_of(fd, path)) record('S', followed[fd], 0, path, "", 0);
    pthread_mutex_unlock(&turn);
    return 0;
}
int fsync(int fd) { return durable(fd, SYS_fsync); }
int fdatasync(int fd) { return durable(fd, SYS_fdatasync); }

static int deleted(int at, const char *path, int flags) {
    char real[PATH_MAX];
    if (journal < 0 || !absolute(at, path, real) || !inside(real)) return (int)syscall(SYS_unlinkat, at, path, flags);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_unlinkat, at, path, flags), error = errno;
    if (done == 0) record('U', 0, 0, real, "", 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}
int unlink(const char *path) { return deleted(AT_FDCWD, path, 0); }
int unlinkat(int at, const char *path, int flags) { return deleted(at, path, flags); }

static int renamed(int from_at, const char *from, int to_at, const char *to) {
    char old[PATH_MAX], new[PATH_MAX];
    if (journal < 0 || !absolute(from_at, from, old) || !absolute(to_at, to, new) || !inside(old) || !inside(new)) {
        return (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0);
    }
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_renameat2, from_at, from, to_at, to, 0), error = errno;
    if (done == 0) record('R', 0, 0, old, new, strlen(new));
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}
int rename(const char *from, const char *to) { return renamed(AT_FDCWD, from, AT_FDCWD, to); }
int renameat(int from_at, const char *from, int to_at, const char *to) { return renamed(from_at, from, to_at, to); }

static int made(int at, const char *path, mode_t mode) {
    char real[PATH_MAX];
    if (journal < 0 || !absolute(at, path, real) || !inside(real)) return (int)syscall(SYS_mkdirat, at, path, mode);
    pthread_mutex_lock(&turn);
    int done = (int)syscall(SYS_mkdirat, at, path, mode), error = errno;
    if (done == 0) record('D', 0, 0, real, "", 0);
    pthread_mutex_unlock(&turn);
    errno = error;
    return done;
}
int mkdir(const char *path, mode_t mode) { return made(AT_FDCWD, path, mode); }
int mkdirat(int at, const char *path, mode_t mode) { return made(at, path, mode); }
