import { ownValue } from './defined.ts';

export type ConnectFailure = 'refused' | 'unreachable' | 'unresolved' | 'timeout';

const failures: Readonly<Record<string, ConnectFailure>> = {
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EADDRNOTAVAIL: 'unreachable',
  ENOTFOUND: 'unresolved',
  EAI_AGAIN: 'unresolved',
  ETIMEDOUT: 'timeout',
};

/** Why a TCP connection could not be opened, by the error's code; undefined for other errors, such as a reset. */
export const connectFailureOf = ({ code = '' }: NodeJS.ErrnoException): ConnectFailure | undefined =>
  ownValue(failures, code);
