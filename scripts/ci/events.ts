import { z } from 'zod';

const state = z.enum(['passed', 'failed', 'skipped']);

/** One line of what a suite reports while it runs; a suite that is killed has told all up to then. */
const eventSchema = z.discriminatedUnion('event', [
  z.object({ event: z.literal('start'), name: z.string() }),
  z.object({ event: z.literal('end'), name: z.string(), state, retries: z.number() }),
  /** An error outside of all tests: a file that cannot be loaded, a hook, a rejection that nothing handled. */
  z.object({ event: z.literal('error'), where: z.string(), message: z.string() }),
  z.object({ event: z.literal('done') }),
]);

export type SuiteEvent = z.infer<typeof eventSchema>;

const parseLine = (line: string): readonly SuiteEvent[] => {
  try {
    return [eventSchema.parse(JSON.parse(line))];
  } catch {
    return []; // the last line of a suite that was killed while it wrote
  }
};

/** The events of a file of lines of JSON. */
export const parseEvents = (text: string): readonly SuiteEvent[] => text.split('\n').flatMap(parseLine);

/** The tests that have begun and not ended. */
export const runningIn = (events: readonly SuiteEvent[]): readonly string[] => {
  const running: string[] = [];
  for (const event of events) {
    if (event.event === 'start') running.push(event.name);
    if (event.event === 'end' && running.includes(event.name)) running.splice(running.indexOf(event.name), 1);
  }
  return running;
};
