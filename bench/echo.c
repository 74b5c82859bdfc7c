/* What the switch is compared with: a bare echo of UDP packets, one socket per call, one recv and one send per packet.
 *
 *     echo ADDRESS FIRST_PORT CALLS        binds FIRST_PORT, FIRST_PORT + 2, ...; prints "ready"; ends with its stdin
 *
 * It asks for real-time priority, as the switch's media workers do: on a busy machine a process that has to wait for its
 * turn finds many packets at once, and that is cheaper.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#define BATCH 256
#define PACKET 2048

static void fail(const char *what) {
    fprintf(stderr, "echo: %s: %s\n", what, strerror(errno));
    exit(1);
}

int main(int argc, char **argv) {
    if (argc != 4) {
        fprintf(stderr, "usage: echo ADDRESS FIRST_PORT CALLS\n");
        return 2;
    }
    int port = atoi(argv[2]), calls = atoi(argv[3]);
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    int poll = epoll_create1(0);
    if (poll < 0)
        fail("epoll_create1");
    for (int i = 0; i < calls; i++) {
        int fd = socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
        struct sockaddr_in own = {.sin_family = AF_INET, .sin_port = htons(port + 2 * i)};
        if (fd < 0)
            fail("socket");
        if (inet_pton(AF_INET, argv[1], &own.sin_addr) != 1 || bind(fd, (struct sockaddr *)&own, sizeof own))
            fail("bind");
        struct epoll_event interest = {.events = EPOLLIN, .data.fd = fd};
        if (epoll_ctl(poll, EPOLL_CTL_ADD, fd, &interest))
            fail("epoll_ctl");
    }
    struct sched_param priority = {.sched_priority = 1};
    sched_setscheduler(0, SCHED_RR, &priority);
    fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
    struct epoll_event end = {.events = EPOLLIN | EPOLLHUP, .data.fd = 0};
    if (epoll_ctl(poll, EPOLL_CTL_ADD, 0, &end))
        fail("epoll_ctl of stdin");
    puts("ready");
    fflush(stdout);

    struct epoll_event ready[BATCH];
    char packet[PACKET];
    for (;;) {
        int count = epoll_wait(poll, ready, BATCH, -1);
        for (int i = 0; i < count; i++) {
            int fd = ready[i].data.fd;
            if (fd == 0) {
                if (read(0, packet, sizeof packet) == 0)
                    return 0;
                continue;
            }
            struct sockaddr_in from;
            socklen_t size = sizeof from;
            ssize_t length = recvfrom(fd, packet, sizeof packet, 0, (struct sockaddr *)&from, &size);
            if (length > 0)
                sendto(fd, packet, (size_t)length, 0, (struct sockaddr *)&from, size);
        }
    }
}
