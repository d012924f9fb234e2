// Real sensors and nothing set up, or somebody known who has not stood still yet: the page opens where it goes on.

import { ask } from './api.js';

/** @import { Setup } from './setup_types.js' */

if (location.hash === '') {
  const setup = /** @type {Setup|null} */ (await ask('/setup').catch(() => null));
  const open = setup?.source === 'sensors' && (!setup.finished || !setup.calibration);
  if (open && location.hash === '') location.hash = '#/setup';
}
