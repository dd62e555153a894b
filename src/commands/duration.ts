import { UserError } from '../lib/errors.ts';

const secondsPer = { s: 1, m: 60, h: 3_600 } as const;

const isUnit = (unit: string): unit is keyof typeof secondsPer => Object.hasOwn(secondsPer, unit);

/** Reads `90`, `90s`, `20m` or `1h` as seconds. Throws UserError `usage.duration`, naming the flag, for anything else. */
export const parseDurationSeconds = (text: string, flag: string): number => {
  const [, digits = '', unit = ''] = /^([1-9]\d{0,6})([smh]?)$/.exec(text) ?? [];
  if (digits) return Number(digits) * (isUnit(unit) ? secondsPer[unit] : 1);
  throw new UserError(`${flag}: '${text}' is no duration`, {
    id: 'usage.duration',
    hint: 'write a number with s, m or h, such as 20m',
  });
};
