import type { TunnelEvent } from '../model/tunnel-status.ts';
import { openRotatingLog } from '../supervisor/rotating-log.ts';

/** What tells what happens: `note` to everybody, `log` only to the log. */
export type TunnelJournal = { readonly note: (text: string) => void; readonly log: (text: string) => void };

const eventsKept = 100;

/** Keeps what happens to tunnels and forwards: all of it in `tunnel.log`, the last events in memory. */
export const openTunnelJournal = (path: string): TunnelJournal & { readonly events: () => readonly TunnelEvent[] } => {
  const file = openRotatingLog(path, {
    onLoss: (reason) => process.stderr.write(`what happens to the tunnels is no longer written down: ${reason}\n`),
  });
  let events: readonly TunnelEvent[] = [];
  const log = (text: string): void => file.write(Buffer.from(`${new Date().toISOString()} ${text}\n`));
  const note = (text: string): void => {
    const number = (events.at(-1)?.number ?? 0) + 1;
    events = [...events, { number, at: new Date().toISOString(), text }].slice(-eventsKept);
    log(text);
  };
  return { note, log, events: () => events };
};
