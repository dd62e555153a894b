import { ownValue } from '../../lib/defined.ts';
import { type ErrorId, UserError } from '../../lib/errors.ts';
import type { RunResult } from '../../lib/process/runner.ts';
import { type MinikubeEvent, parseEvents } from './events.ts';

/** Reasons with their own error id; the others are mapped by exit code. */
const idsByReason: Readonly<Record<string, ErrorId>> = {
  PROVIDER_DOCKER_NOT_FOUND: 'environment.docker-missing',
  PROVIDER_DOCKER_NOT_RUNNING: 'environment.docker-not-running',
  DRV_DOCKER_NOT_RUNNING: 'environment.docker-not-running',
  PROVIDER_DOCKER_NEWGRP: 'environment.docker-refused',
};

/** Exit codes are ten times a source plus a kind (pkg/minikube/reason/exitcodes.go). */
const idsBySource: readonly ErrorId[] = [
  'cluster.minikube-failed',
  'cluster.minikube-failed',
  'environment.minikube-resources',
  'environment.minikube-host',
  'environment.minikube-internet',
  'environment.minikube-driver',
  'environment.minikube-driver',
  'environment.minikube-network',
  'cluster.minikube-guest',
  'cluster.minikube-runtime',
  'cluster.minikube-control-plane',
];

const usageExitCode = 14;

const idOf = (exitCode: number, reason: string | undefined): ErrorId => {
  const own = reason === undefined ? undefined : ownValue(idsByReason, reason);
  if (own) return own;
  if (exitCode === usageExitCode) return 'usage.minikube';
  return idsBySource[Math.floor(exitCode / 10)] ?? 'cluster.minikube-failed';
};

/**
 * The event with the reason of the exit. Errors without an exit code are often harmless, and with --force minikube
 * continues after errors with one, so the event with this exit code wins.
 */
const findReason = (events: readonly MinikubeEvent[], exitCode: number): MinikubeEvent['data'] | undefined => {
  const errors = events.filter(({ kind }) => kind === 'error').map(({ data }) => data);
  return errors.findLast(({ exitcode }) => exitcode === String(exitCode)) ?? errors.at(-1);
};

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1)?.slice(0, 300) || undefined;

export type FailedCall = { readonly what: string; readonly result: RunResult; readonly logPath: string };

/** Explains a failed call of minikube, with minikube's own advice. */
export const minikubeFailure = ({ what, result, logPath }: FailedCall): UserError => {
  const { exitCode, stdout, stderr } = result;
  const reason = findReason(parseEvents(stdout), exitCode);
  const why = reason?.message?.trim() ?? lastLine(stderr) ?? lastLine(stdout) ?? 'it gave no reason';
  const name = reason?.name ? ` ${reason.name}` : '';
  const advice = reason?.advice?.trim();
  return new UserError(`${what} exited with ${exitCode}${name}: ${why}`, {
    id: idOf(exitCode, reason?.name),
    hint: `${advice ? `${advice}; ` : ''}minikube's output is in ${logPath}`,
  });
};
