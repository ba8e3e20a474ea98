import { Socket } from 'node:net';

/**
 * How long a quick statement may stay without a word from the server, in ms. Sooner would cut off one that waits for a
 * lock; later leaves a process that lost its connections without being told mute for longer.
 */
export const SILENCE_MS = 10_000;
/** For long work, in ms: its slowest statements take some seconds, and a reader who stalls is cut off sooner. */
export const LONG_SILENCE_MS = 120_000;

/**
 * A connection may die without either end being told: a firewall forgot it, the other machine lost its power. What was
 * asked on it would be waited for in vain, perhaps for hours, and with it all that comes after. This one breaks where
 * nothing comes, and is then replaced like any other broken one. A pool closes its idle connections by itself.
 */
export function impatientSocket(silenceMs = SILENCE_MS): Socket {
  const socket = new Socket();
  return socket.setTimeout(silenceMs, () => {
    socket.destroy(new Error(`the database has not said a word for ${silenceMs / 1000} s`));
  });
}
