import { hostname } from 'node:os';
import type { ObjectMeta } from '../../lib/kube/types.ts';
import { hasProcess } from '../../lib/process/processes.ts';

/** Annotation of the Job: host name and pid of the run that created it. Objects of a live run are no leftovers. */
export const ownerAnnotation = 'taskgate.dev/owner';

/** A Job's deadline, so no run needs it longer. */
export const jobDeadlineSeconds = 600;

/** The value of {@link ownerAnnotation} for this process. */
export const ownOwner = (): string => `${hostname()} ${process.pid}`;

/** Whether the run that created a Job may still need it. For a run on another host, only its age is known. */
export const isOwned = ({ annotations, creationTimestamp }: ObjectMeta, nowMs = Date.now()): boolean => {
  const [host, pid] = (annotations?.[ownerAnnotation] ?? '').split(' ');
  const ageMs = nowMs - Date.parse(creationTimestamp ?? '');
  if (!host || ageMs >= jobDeadlineSeconds * 1_000) return false;
  return host !== hostname() || hasProcess(Number(pid));
};
