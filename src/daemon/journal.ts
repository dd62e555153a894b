import type { TunnelEvent } from '../model/tunnel-status.ts';
import { openRotatingLog } from '../supervisor/rotating-log.ts';

/** `note` adds an event to the status and the log, `log` a line to the log only. */
export type TunnelJournal = { readonly note: (text: string) => void; readonly log: (text: string) => void };

const eventsKept = 100;

/** Records the events of tunnels and forwards: all of them in the log at `path`, the last ones in memory. */
export const openTunnelJournal = (path: string): TunnelJournal & { readonly events: () => readonly TunnelEvent[] } => {
  const file = openRotatingLog(path, {
    onLoss: (reason) => process.stderr.write(`events of the tunnels are no longer logged: ${reason}\n`),
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
