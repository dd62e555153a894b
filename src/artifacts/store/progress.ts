type ArtifactState = 'cached' | 'waiting' | 'downloading' | 'building' | 'done' | 'skipped-source';

export type ArtifactProgress = { readonly name: string; readonly state: ArtifactState; readonly detail: string };

export type Report = (progress: ArtifactProgress) => void;

/** Tells how far one item is. */
export type Tell = (state: ArtifactState, detail: string) => void;

/** `95 s` as `1:35`. */
export const formatElapsed = (elapsedMs: number): string => {
  const seconds = Math.floor(elapsedMs / 1000);
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
};

const formatMegabytes = (bytes: number): string => (bytes / 1e6).toFixed(1);

/** `12.3 of 98.0 MB`, or `12.3 MB` while the whole is unknown. */
export const formatBytes = (done: number, total?: number): string =>
  total === undefined ? `${formatMegabytes(done)} MB` : `${formatMegabytes(done)} of ${formatMegabytes(total)} MB`;

/** Adds up the bytes of several files; their whole is known once all have begun. */
export type Meter = { readonly of: (file: string) => (done: number, total: number | undefined) => void };

export const makeMeter = (files: number | undefined, tell: (detail: string) => void): Meter => {
  const seen = new Map<string, { done: number; total: number | undefined }>();
  const sum = (numbers: readonly number[]) => numbers.reduce((total, number) => total + number, 0);
  return {
    of: (file) => (done, total) => {
      seen.set(file, { done, total });
      const all = [...seen.values()];
      const totals = all.flatMap((each) => each.total ?? []);
      const whole = totals.length === files ? sum(totals) : undefined;
      tell(formatBytes(sum(all.map((each) => each.done)), whole));
    },
  };
};

const moves = (state: ArtifactState): boolean => state === 'waiting' || state === 'downloading' || state === 'building';

/**
 * Reports one item with the time it has taken. What changes fast is told every `pauseMs` at most; while nothing
 * changes, the time still goes on, so that a reader sees what is being waited for and how long.
 */
export const startTelling = (name: string, report: Report, pauseMs = 1000): { tell: Tell; stop: () => void } => {
  const startedAt = Date.now();
  let latest: { state: ArtifactState; detail: string } | undefined;
  const send = () => {
    if (latest) {
      const time = latest.state === 'skipped-source' ? '' : `, ${formatElapsed(Date.now() - startedAt)}`;
      report({ name, state: latest.state, detail: `${latest.detail}${time}` });
    }
  };
  const timer = setInterval(() => latest && moves(latest.state) && send(), pauseMs);
  timer.unref();
  const tell: Tell = (state, detail) => {
    const isNews = state !== latest?.state || !moves(state);
    latest = { state, detail };
    if (isNews) send();
  };
  return { tell, stop: () => clearInterval(timer) };
};
