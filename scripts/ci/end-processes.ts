import { readdir, readFile } from 'node:fs/promises';
import { setTimeout as pause } from 'node:timers/promises';

const lookMs = 50;
const killRounds = 100;

const readProc = (pid: number, file: string): Promise<string> =>
  readFile(`/proc/${pid}/${file}`, 'utf8').catch(() => '');

/** `pid (name) state ppid pgrp session ...`: the name may have spaces and parentheses. */
const parseStat = (text: string): { readonly state: string; readonly session: number } => {
  const [state = '', , , session = ''] = text.slice(text.lastIndexOf(')') + 2).split(' ');
  return { state, session: Number(session) };
};

const belongsTo = async (pid: number, { session, mark }: Ours): Promise<boolean> => {
  const [stat, environment] = await Promise.all([readProc(pid, 'stat'), readProc(pid, 'environ')]);
  const found = parseStat(stat);
  if (stat === '' || found.state === 'Z' || pid === process.pid) return false;
  return found.session === session || environment.split('\0').includes(mark);
};

/** Processes of a session, and those that have left it but still have the mark, `NAME=value`, in their environment. */
export type Ours = { readonly session: number; readonly mark: string };

const find = async (ours: Ours): Promise<readonly number[]> => {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number);
  const found = await Promise.all(pids.map(async (pid) => ((await belongsTo(pid, ours)) ? [pid] : [])));
  return found.flat();
};

const signal = (pid: number, name: 'SIGTERM' | 'SIGKILL'): void => {
  try {
    process.kill(pid, name);
  } catch {
    // it has ended meanwhile
  }
};

/** SIGTERM, so that commands can undo their work; what is left after `patienceMs` is killed, with all that it has started. */
export const endProcesses = async (ours: Ours, patienceMs: number): Promise<void> => {
  for (const pid of await find(ours)) signal(pid, 'SIGTERM');
  const startMs = performance.now();
  while ((await find(ours)).length > 0 && performance.now() - startMs < patienceMs) await pause(lookMs);
  for (let round = 0; round < killRounds; round += 1) {
    const left = await find(ours);
    if (left.length === 0) return;
    for (const pid of left) signal(pid, 'SIGKILL');
    await pause(lookMs);
  }
};
