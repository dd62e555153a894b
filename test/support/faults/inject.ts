import childProcess from 'node:child_process';
import type { EventEmitter } from 'node:events';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

/** What may fail: the file system, the start of a program, a request to the API server. */
export type Channel = 'fs' | 'spawn' | 'http';

/** The n-th call of a channel fails so; without it calls are only counted. */
export type Fault = { readonly channel: Channel; readonly nth: number; readonly how: string };

type Plan = { fault: Fault | undefined; counts: Record<Channel, number>; hit: string | undefined };
const plan: Plan = { fault: undefined, counts: { fs: 0, spawn: 0, http: 0 }, hit: undefined };

export const arm = (fault: Fault | undefined): void => {
  plan.fault = fault;
  plan.counts = { fs: 0, spawn: 0, http: 0 };
  plan.hit = undefined;
};

export const counted = (): Readonly<Record<Channel, number>> => ({ ...plan.counts });
/** The call that failed. */
export const hit = (): string | undefined => plan.hit;

/** How this call is to fail, if it is the one. */
export const failureOf = (channel: Channel, what: string): string | undefined => {
  const { fault } = plan;
  const number = ++plan.counts[channel];
  if (fault?.channel !== channel || fault.nth !== number) return undefined;
  plan.hit = what;
  return fault.how;
};

const systemError = (code: string, syscall: string, path?: unknown): Error =>
  Object.assign(new Error(`${code}: injected, ${syscall} '${String(path ?? '')}'`), {
    ...{ code, errno: -1, syscall },
    ...(typeof path === 'string' && { path }),
  });

const calls = [
  ...['access', 'chmod', 'chown', 'copyFile', 'cp', 'lchown', 'link', 'lstat', 'mkdir', 'mkdtemp', 'open', 'opendir'],
  ...['readFile', 'readdir', 'readlink', 'realpath', 'rename', 'rm', 'rmdir', 'stat', 'statfs', 'symlink', 'unlink'],
  ...['utimes', 'writeFile'],
] as const;

type Call = (...args: readonly unknown[]) => Promise<unknown>;

const wrapFiles = (): void => {
  const promises = fs.promises as unknown as Record<string, Call>;
  for (const name of calls) {
    const original = promises[name];
    if (!original) continue;
    promises[name] = async (...args) => {
      const code = failureOf('fs', `${name} ${String(args[0])}`);
      if (code !== undefined) throw systemError(code, name, args[0]);
      return original.apply(fs.promises, [...args]);
    };
  }
};

type Spawn = (...args: readonly unknown[]) => EventEmitter;

/** Node.js reports these codes alike: by an event, with a child that has no pid. */
const wrapPrograms = (): void => {
  const mutable = childProcess as unknown as Record<string, Spawn>;
  const original = mutable['spawn'];
  if (!original) throw new Error('child_process has no spawn');
  mutable['spawn'] = (...args) => {
    const [program, ...more] = args;
    const code = failureOf('spawn', `spawn ${String(program)}`);
    if (code === undefined) return original(...args);
    const child = original('/no/such/program', ...more);
    const { emit } = child;
    const error = systemError(code, `spawn ${String(program)}`, program);
    child.emit = (name: string, ...details: unknown[]) =>
      emit.call(child, name, ...(name === 'error' ? [error] : details));
    return child;
  };
};

/** Puts the faults below all of taskgate; to be called before it is loaded. */
export const wrapNode = (): void => {
  wrapFiles();
  wrapPrograms();
  syncBuiltinESMExports();
};
