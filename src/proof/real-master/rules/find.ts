// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import { findStuckTask, findTaskEnd, findTaskText } from '../findings.ts';
import { masterUnreached, otherMasterAddress } from './address.ts';
import { exitCode } from './exit.ts';
import { elsewhere, queued } from './place.ts';
import { imageNotPulled, notAdmitted, unnoticed, unscheduled } from './pod.ts';
import { hasEnded, type Sighting, type TaskFinding, type TaskRule } from './rule.ts';

/** Of tasks that have not ended. Most specific first. */
const alive: readonly TaskRule[] = [
  masterUnreached,
  elsewhere,
  notAdmitted,
  imageNotPulled,
  unnoticed,
  otherMasterAddress,
  unscheduled,
  queued,
];

/** Of tasks that have. A task log may have many lines that are no cause, so the master's own words come first. */
const ended: readonly TaskRule[] = [
  masterUnreached,
  { isFinal: true, find: findTaskText },
  imageNotPulled,
  exitCode,
  { isFinal: true, find: findTaskEnd },
];

const firstOf = (rules: readonly TaskRule[], seen: Sighting): TaskFinding | undefined =>
  rules.reduce<TaskFinding | undefined>((found, rule) => found ?? rule.find(seen), undefined);

/** What makes waiting for a task hopeless; undefined while there is hope. */
export const findHopeless = (seen: Sighting): TaskFinding | undefined =>
  hasEnded(seen)
    ? firstOf(ended, seen)
    : firstOf(
        alive.filter(({ isFinal }) => isFinal),
        seen,
      );

/** Why a task that has not come up in time has not, as far as anything tells. */
export const findAtEnd = (seen: Sighting): TaskFinding =>
  (hasEnded(seen) ? findHopeless(seen) : firstOf(alive, seen)) ?? findStuckTask(seen);

/** Why a running task does not answer, if a rule knows. */
export const findSilent = (seen: Sighting): TaskFinding | undefined => firstOf(alive, seen);
