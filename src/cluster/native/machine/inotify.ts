import { readdir, readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';

const limitPath = '/proc/sys/fs/inotify/max_user_instances';

/** Below this a node may lack some: it takes 23, those that come with its pods included. */
const enough = 40;

/** The inotify instances of one process; none where it has ended or is hidden. */
const countOf = async (proc: string, pid: string, uid: number): Promise<number> => {
  const folder = join(proc, pid);
  const owner = await stat(folder).catch(() => undefined);
  if (owner?.uid !== uid) return 0;
  const fds = await readdir(join(folder, 'fd')).catch(() => []);
  const targets = await Promise.all(fds.map((fd) => readlink(join(folder, 'fd', fd)).catch(() => '')));
  return targets.filter((target) => target === 'anon_inode:inotify').length;
};

/** All inotify instances of a user's processes, as /proc shows them. */
export const countInotify = async (uid: number, proc = '/proc'): Promise<number> => {
  const pids = (await readdir(proc)).filter((name) => /^\d+$/.test(name));
  const counts = await Promise.all(pids.map((pid) => countOf(proc, pid, uid)));
  return counts.reduce((sum, count) => sum + count, 0);
};

/** A note where a node may not get its inotify instances, which kubelet and kube-proxy do not start without. */
export const judgeInotify = (used: number, limit: number): string | undefined =>
  limit - used < enough
    ? `root's processes use ${used} of ${limit} inotify instances (fs.inotify.max_user_instances), and a native cluster takes some 23; if it does not start: sysctl fs.inotify.max_user_instances=512`
    : undefined;

/** The same for this machine, for root. */
export const findInotifyNote = async (): Promise<string | undefined> => {
  const limit = Number(await readFile(limitPath, 'utf8').catch(() => Number.NaN));
  return Number.isFinite(limit) ? judgeInotify(await countInotify(0), limit) : undefined;
};
