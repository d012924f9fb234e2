// The live stream: opened again when it breaks, and started over when a message is missing.

import { API } from './api.js';

const FIRST_WAIT = 500;
const LONGEST_WAIT = 5000;

/** @param {{message: (message: any) => boolean, link: (open: boolean) => void}} on `message` answers whether it
 *   could be used; if not, the stream starts over with a snapshot.
 *  @param {string} [path]
 *  @returns {{retry: () => void}} */
export function connect(on, path = '/live') {
  const url = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}${API}${path}`;
  let wait = FIRST_WAIT;
  let timer = 0;
  /** @type {WebSocket|null} */
  let socket = null;

  function open() {
    clearTimeout(timer);
    const mine = new WebSocket(url);
    socket = mine;
    mine.onmessage = (event) => {
      if (socket !== mine) return;
      wait = FIRST_WAIT;
      if (!on.message(JSON.parse(event.data))) mine.close();
    };
    mine.onclose = () => {
      if (socket !== mine) return;
      socket = null;
      on.link(false);
      timer = window.setTimeout(open, wait);
      wait = Math.min(2 * wait, LONGEST_WAIT);
    };
  }

  open();
  return {
    retry() {
      if (socket) return;
      wait = FIRST_WAIT;
      open();
    },
  };
}
