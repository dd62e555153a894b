/** What several samples of one figure say; in the unit of the samples. */
export type Spread = { readonly count: number; readonly median: number; readonly min: number; readonly max: number };

/** The middle sample, or the mean of the two middle ones. Throws when there is none. */
export const median = (samples: readonly number[]): number => {
  const sorted = samples.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) throw new Error('no samples');
  return (lower + upper) / 2;
};

export const spreadOf = (samples: readonly number[]): Spread => ({
  count: samples.length,
  median: median(samples),
  min: Math.min(...samples),
  max: Math.max(...samples),
});

/** The place of the sample that lies nearest to the median: the run to show for all. */
export const typicalIndex = (samples: readonly number[]): number => {
  const middle = median(samples);
  const distances = samples.map((sample) => Math.abs(sample - middle));
  return distances.indexOf(Math.min(...distances));
};

/** Ratios pair by pair: machines drift during a run, neighbours in time do not. */
export const ratiosOf = (measured: readonly number[], base: readonly number[]): readonly number[] =>
  measured.flatMap((value, index) => {
    const other = base[index];
    return other ? [value / other] : [];
  });
