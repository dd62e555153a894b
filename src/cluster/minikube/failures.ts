import { type ErrorId, UserError } from '../../lib/errors.ts';
import type { RunResult } from '../../lib/process/runner.ts';
import { type MinikubeEvent, parseEvents } from './events.ts';

/** Reasons that deserve an id of their own; the others go by their exit code's source. */
const idsByReason: Readonly<Record<string, ErrorId>> = {
  PROVIDER_DOCKER_NOT_FOUND: 'environment.docker-missing',
  PROVIDER_DOCKER_NOT_RUNNING: 'environment.docker-not-running',
  DRV_DOCKER_NOT_RUNNING: 'environment.docker-not-running',
  PROVIDER_DOCKER_NEWGRP: 'environment.docker-refused',
};

/** Exit codes are a source times ten plus a kind (pkg/minikube/reason/exitcodes.go). */
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
  const own = reason === undefined ? undefined : idsByReason[reason];
  if (own) return own;
  if (exitCode === usageExitCode) return 'usage.minikube';
  return idsBySource[Math.floor(exitCode / 10)] ?? 'cluster.minikube-failed';
};

/**
 * The event that tells why minikube ended: errors without an exit code are often none, and with --force also errors with
 * one let it go on, so the one that has this exit code wins.
 */
const findReason = (events: readonly MinikubeEvent[], exitCode: number): MinikubeEvent['data'] | undefined => {
  const errors = events.filter(({ kind }) => kind === 'error').map(({ data }) => data);
  return errors.findLast(({ exitcode }) => exitcode === String(exitCode)) ?? errors.at(-1);
};

const lastLine = (text: string): string | undefined => text.trim().split('\n').at(-1)?.slice(0, 300) || undefined;

export type FailedCall = { readonly what: string; readonly result: RunResult; readonly logPath: string };

/** What a call of minikube that ended badly means, with minikube's own advice. */
export const minikubeFailure = ({ what, result, logPath }: FailedCall): UserError => {
  const { exitCode, stdout, stderr } = result;
  const reason = findReason(parseEvents(stdout), exitCode);
  const why = reason?.message?.trim() ?? lastLine(stderr) ?? lastLine(stdout) ?? 'it gave no reason';
  const name = reason?.name ? ` ${reason.name}` : '';
  const advice = reason?.advice?.trim();
  return new UserError(`${what} exited with ${exitCode}${name}: ${why}`, {
    id: idOf(exitCode, reason?.name),
    hint: `${advice ? `${advice}; ` : ''}all that minikube said is in ${logPath}`,
  });
};
