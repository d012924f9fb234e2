/* Joins a byte stream that carries HCI packets (argument 1, a virtio-serial port) to the kernel's virtual
 * controller, which takes and gives one whole packet per write and read. */
#include <err.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

enum { COMMAND = 1, ACL = 2, EVENT = 4, VENDOR = 0xff };

static void send_all(int to, const unsigned char *bytes, ssize_t left)
{
	while (left > 0) {
		ssize_t sent = write(to, bytes, left);
		if (sent < 0)
			err(1, "write");
		bytes += sent;
		left -= sent;
	}
}

/* Bytes of the packet at the front of the buffer, 0 while that cannot be told. */
static size_t length_of(const unsigned char *packet, size_t have)
{
	if (packet[0] == EVENT)
		return have < 3 ? 0 : 3 + packet[2];
	if (packet[0] == ACL)
		return have < 5 ? 0 : 5 + packet[3] + (packet[4] << 8);
	errx(1, "a packet of type %d from the host", packet[0]);
}

int main(int count, char **arguments)
{
	static unsigned char from_host[1 << 16], from_kernel[1 << 12];
	size_t have = 0;
	if (count != 2)
		errx(2, "relay PORT");
	int port = open(arguments[1], O_RDWR), kernel = open("/dev/vhci", O_RDWR);
	if (port < 0 || kernel < 0)
		err(1, "open");
	unsigned char create[] = { VENDOR, 0 };
	if (write(kernel, create, sizeof create) != sizeof create)
		err(1, "create a controller");
	struct pollfd ready[] = { { port, POLLIN, 0 }, { kernel, POLLIN, 0 } };
	while (poll(ready, 2, -1) > 0) {
		if (ready[1].revents & POLLIN) {
			ssize_t n = read(kernel, from_kernel, sizeof from_kernel);
			/* The vendor packet is the answer to our own. */
			if (n > 0 && from_kernel[0] != VENDOR)
				send_all(port, from_kernel, n);
		}
		if (ready[0].revents & POLLIN) {
			ssize_t n = read(port, from_host + have, sizeof from_host - have);
			if (n < 0)
				err(1, "read");
			have += n;
			size_t length, done = 0;
			while (done < have && (length = length_of(from_host + done, have - done)) && done + length <= have) {
				if (write(kernel, from_host + done, length) < 0)
					warn("the kernel refused a packet");
				done += length;
			}
			memmove(from_host, from_host + done, have -= done);
		} else if (ready[0].revents & POLLHUP)
			return 0;
	}
}
