import type { ErrorId } from '../lib/errors.ts';

/** Something that is not as `up` left it. */
export type Problem = { readonly id: ErrorId; readonly message: string; readonly hint: string };
