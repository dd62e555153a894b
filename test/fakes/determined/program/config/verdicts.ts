import type { Fields } from '../../../../../src/lib/json.ts';

export const verifyFields = (_fields: Fields): void => undefined;
