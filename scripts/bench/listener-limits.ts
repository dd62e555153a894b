import { type Setting, settings } from '../../src/config/settings.ts';
import { largestUnmodifiedLimit } from '../../src/gateway/install/listener-limit.ts';

const known: readonly Setting[] = settings;

/** The listener limit that `up` has by default: without the Gateway CRD's two quadratic rules. */
export const defaultLimit = Number(known.find(({ path }) => path === 'gateway.listenerLimit')?.default);

/** The largest with which they stay. */
export const unmodifiedLimit = largestUnmodifiedLimit;
