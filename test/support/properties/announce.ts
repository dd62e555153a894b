/** One seed for all properties of a run, which every worker inherits; `FUZZ_SEED=N` gives the same inputs again. */
export const setup = (): void => {
  process.env['FUZZ_SEED'] ??= String(Math.floor(Math.random() * 2 ** 31));
  process.stderr.write(`properties: FUZZ_SEED=${process.env['FUZZ_SEED']}\n`);
};
