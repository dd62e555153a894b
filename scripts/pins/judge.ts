import { messageOf } from '../../src/lib/errors.ts';
import type { Entry } from './entries.ts';
import type { Publishers } from './publishers.ts';

/**
 * `good`: the publisher says what is pinned. `open`: not pinned. `unreachable`: pinned, and nobody could be asked. `differs`:
 * the publisher says something else, which a release must not.
 */
export type State = 'good' | 'open' | 'unreachable' | 'differs';

export type Verdict = {
  readonly entry: Entry;
  readonly part: string;
  readonly state: State;
  readonly pinned?: string;
  /** What the publisher says, or why it says nothing. */
  readonly said?: string;
  readonly trouble?: string;
};

const stateOf = (pinned: string | undefined, said: string | undefined): State => {
  if (pinned === undefined) return 'open';
  if (said === undefined) return 'unreachable';
  return said === pinned ? 'good' : 'differs';
};

const lastLine = (text: string): string => text.trim().split('\n').at(-1) ?? '';

/** Asks for one entry, and compares each part of the answer with its pin. */
export const judge = async (entry: Entry, publishers: Publishers): Promise<readonly Verdict[]> => {
  const answer = await entry.ask(publishers).catch((error: unknown) => ({ trouble: lastLine(messageOf(error)) }));
  const trouble = 'trouble' in answer ? answer.trouble : undefined;
  const told: Readonly<Record<string, string | undefined>> = trouble === undefined ? answer : {};
  const parts = [...new Set([...Object.keys(entry.pinned), ...Object.keys(told)])];
  return parts.map((part) => {
    const [pinned, said] = [entry.pinned[part], told[part]];
    const state = stateOf(pinned, said);
    return { entry, part, state, ...(pinned && { pinned }), ...(said && { said }), ...(trouble && { trouble }) };
  });
};

export const renderVerdict = ({ entry, part, state, pinned, said, trouble }: Verdict): string => {
  const name = part ? `${entry.name} ${part}` : entry.name;
  const why = {
    good: '',
    open: said ? `: its publisher says ${said}` : `: ${trouble ?? 'its publisher says nothing'}`,
    unreachable: `: ${trouble ?? 'its publisher says nothing'}`,
    differs: `: ${pinned} is pinned, its publisher says ${said}`,
  }[state];
  return `${state.padEnd(11)} ${name}${why}`;
};

export const renderCounts = (verdicts: readonly Verdict[]): string => {
  const states = { good: 'good', open: 'open', unreachable: 'unreachable', differs: 'differ' } as const;
  const counts = Object.entries(states).map(
    ([state, word]) => `${verdicts.filter((each) => each.state === state).length} ${word}`,
  );
  return counts.join(', ');
};
