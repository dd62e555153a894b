import { describeProgress, formatElapsed, type Progress } from '../lib/progress.ts';
import { plain } from '../lib/text/plain.ts';

/** What is worth a line in a log, where a line stays: progress itself comes many times a second. */
type LogOutput = {
  /** Something is in another state, or a step says something new. */
  readonly onNews: (title: string, line: string) => void;
  /** How far all of a step's work is; comes from time to time while there is work. */
  readonly onSummary: (title: string, line: string) => void;
};

export type ProgressLog = {
  readonly started: (title: string) => void;
  readonly reported: (title: string, what: string | Progress) => void;
  readonly ended: (title: string) => void;
};

const summaryPauseMs = 15_000;

/** The last report about one thing. */
type Latest = {
  readonly progress: Progress;
  /** Whether it counts in summaries; a wait's verdict does not. */
  readonly isItem: boolean;
  /** Whether it was reported since the last summary: what works reports at least each second. */
  isFresh: boolean;
};

type Track = {
  readonly startedAt: number;
  readonly latest: Map<string, Latest>;
  lastText?: string;
  timer?: NodeJS.Timeout;
};

const isNews = (before: Progress | undefined, { state, detail, phase }: Progress): boolean =>
  before?.state !== state || (phase !== 'working' && before.detail !== detail);

/** What an item waits for was said when it began to wait. */
const describeItem = ({ name, detail, phase }: Progress): string =>
  phase === 'working' && detail ? `${name} (${detail})` : name;

/** `building etcd (3 of at most 9 packages), contour`, for each state; one where nothing moves comes last. */
const describeStates = (items: readonly Progress[]): readonly string[] => {
  const moving = items.filter(({ phase }) => phase === 'working');
  const states = Map.groupBy([...moving, ...items.filter(({ phase }) => phase === 'waiting')], ({ state }) => state);
  return [...states].map(([state, those]) => `${state} ${those.map(describeItem).join(', ')}`);
};

/** Undefined when nothing is at work. */
const summarize = ({ startedAt, latest }: Track): string | undefined => {
  const items = [...latest.values()]
    .filter(({ isItem, isFresh, progress }) => isItem && (isFresh || progress.phase === 'done'))
    .map(({ progress }) => progress);
  const states = describeStates(items);
  if (states.length === 0) return undefined;
  const done = items.filter(({ phase }) => phase === 'done').length;
  return [`${done} of ${items.length} done`, ...states, formatElapsed(Date.now() - startedAt)].join('; ');
};

/**
 * Picks from the progress of steps what a log needs: each change of state at once, and a summary from time to time.
 * Tested in test/task-list/line-display.test.ts.
 */
export const makeProgressLog = ({ onNews, onSummary }: LogOutput): ProgressLog => {
  const tracks = new Map<string, Track>();

  const tick = (title: string, track: Track): void => {
    const summary = summarize(track);
    for (const one of track.latest.values()) one.isFresh = false;
    if (summary) onSummary(title, plain(summary));
  };
  const trackOf = (title: string): Track => {
    const known = tracks.get(title);
    if (known) return known;
    const track: Track = { startedAt: Date.now(), latest: new Map() };
    track.timer = setInterval(() => tick(title, track), summaryPauseMs);
    track.timer.unref();
    tracks.set(title, track);
    return track;
  };
  const noteText = (track: Track, text: string): boolean => {
    const news = track.lastText !== text;
    track.lastText = text;
    return news;
  };
  const noteProgress = ({ latest }: Track, progress: Progress): boolean => {
    const before = latest.get(progress.name);
    const isItem = progress.phase !== undefined || before?.isItem === true;
    latest.set(progress.name, { progress, isItem, isFresh: true });
    return isNews(before?.progress, progress);
  };

  return {
    started: (title) => void trackOf(title),
    reported: (title, what) => {
      const track = trackOf(title);
      const news = typeof what === 'string' ? noteText(track, what) : noteProgress(track, what);
      if (news) onNews(title, plain(describeProgress(what)));
    },
    ended: (title) => {
      clearInterval(tracks.get(title)?.timer);
      tracks.delete(title);
    },
  };
};
