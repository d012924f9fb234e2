// The smallest client of the live stream: it asks for it and counts what comes.

import { connect } from 'node:net';

/** @param {string} address @returns {Promise<{bytes: () => number, close: () => void}>} */
export function watcher(address) {
  const { hostname, port, host } = new URL(address);
  const socket = connect(Number(port), hostname);
  let bytes = 0;
  socket.on('data', (chunk) => { bytes += chunk.length; });
  return new Promise((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', (first) => {
      if (first.toString('latin1').startsWith('HTTP/1.1 101')) resolve({ bytes: () => bytes, close: () => socket.destroy() });
      else reject(new Error(`no stream: ${first}`));
    });
    socket.write(`GET /api/v1/live HTTP/1.1\r\nHost: ${host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n`
      + 'Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n');
  });
}
