// Puts the page together and keeps it on the latest model.

import { h } from './dom.js';
import { loadWords, t } from './text.js';
import { SIDES, after, empty } from './model.js';
import { connect } from './socket.js';
import { restoreTheme } from './theme.js';
import { barView, guideView, linkView, sourceView } from './top.js';
import { legView } from './leg.js';
import { numbersView } from './numbers.js';
import { stridesView } from './strides.js';
import { alertsView } from './alerts.js';
import { notesView } from './notes.js';
import { withheldView } from './withheld.js';
import { publish } from './live.js';
import { sensorsView } from './sensors.js';
import { cueBarView } from './cuebar.js';
import { cuesView } from './cues.js';
import { player } from './player.js';
import { programmeView } from './programme.js';
import { usualView } from './usual.js';
import { coachView } from './coach.js';

/** Between two looks at how old the data are, ms. */
const AGE_PACE = 500;

restoreTheme();
await loadWords();

let model = empty();
let due = false;

const link = linkView(() => socket.retry());
const legs = SIDES.map(legView);
const [bar, source, guide, numbers] = [barView(), sourceView(), guideView(), numbersView()];
const [strides, alerts, notes, sensors, withheld] = [stridesView(), alertsView(), notesView(), sensorsView(), withheldView()];
const play = player();
const cues = cuesView((channel) => cueBar.test(channel));
const cueBar = cueBarView(play, cues.problem);
const programme = programmeView();
const usual = usualView();
const coach = coachView(play);
const views = [bar, source, guide, link, ...legs, numbers, strides, alerts, notes, withheld, sensors, cueBar, cues, programme, usual];

const page = /** @type {HTMLElement} */ (document.getElementById('page'));
page.append(
  bar.node, source.node, link.node, coach.node, guide.node,
  h('div', { class: 'legs' }, ...legs.map((leg) => leg.node)),
  usual.node, numbers.node,
  h('div', { class: 'below' },
    h('div', { class: 'column' }, alerts.node, notes.node, withheld.node, sensors.node, programme.node),
    h('div', { class: 'column' }, strides.node, cues.node)),
  h('p', { class: 'limits' }, h('strong', {}, t('limits.head')), ` ${t('limits.text')}`),
  cueBar.node);

function draw() {
  due = false;
  // Nothing is drawn that cannot be seen.
  if (!page.hidden) for (const view of views) view.update(model);
  publish(model);
}

/** @param {any} message @param {import('./types.js').Model} now */
function hear(message, now) {
  if (message.type === 'cue') play.cue(message.cue, now);
  if (message.type === 'coach_cue') coach.hear(message, now);
  if (message.type === 'cue_test') play.test(message.channel);
  if (message.type === 'health' && message.health.active && ['recording_failed', 'store_failed'].includes(message.health.code)) play.trouble(now);
}

function soon() {
  if (due) return;
  due = true;
  requestAnimationFrame(draw);
}

const socket = connect({
  message(message) {
    const next = after(model, message, performance.now());
    if (!next) return false;
    // Heard at once: drawing waits for the screen, and does not happen at all in a hidden tab.
    if (next.seq > model.seq) hear(message, next);
    model = next;
    play.follow(model);
    soon();
    return true;
  },
  link() {
    model = { ...model, link: 'lost' };
    play.follow(model);
    soon();
  },
});

setInterval(soon, AGE_PACE);
draw();
