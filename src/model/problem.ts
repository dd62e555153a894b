import type { ErrorId } from '../lib/errors.ts';

/** Something that differs from what `up` has set up, or that prevents it. */
export type Problem = { readonly id: ErrorId; readonly message: string; readonly hint: string };
