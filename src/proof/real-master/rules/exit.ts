// Tested in test/proof/real-master/real-master.broken-ways.test.ts
import type { Finding } from '../../../model/path.ts';
import { lastWords } from '../findings.ts';
import { statusesOf } from './pod.ts';
import type { Sighting, TaskRule } from './rule.ts';

const imageHint =
  'use an image (--master-image) with bash, coreutils, tar, gzip, python3 and the package determined, for the processor of the node';

/** Of the exit status: `container failed with non-zero exit code: 127`, `... (exit code 127)`. */
const codeIn = (exitStatus: string): number | undefined => {
  const code = /exit code:? ?(\d+)/.exec(exitStatus)?.[1];
  return code === undefined ? undefined : Number(code);
};

type Ended = Sighting & { readonly code: number; readonly isInit: boolean; readonly reason: string };

const where = ({ isInit }: Ended): string => (isInit ? 'its init container' : 'its container');

/** Reasons of kubelet's, and words of container runtimes, which the master repeats. */
const unstartable =
  /StartError|ContainerCannotRun|RunContainerError|OCI runtime create failed|unable to start container/;

/** Codes of bash, of Determined's log shipper and of container runtimes; the first rule that matches counts. */
const rules: readonly ((ended: Ended) => Finding | undefined)[] = [
  ({ logs }) => {
    const [, command] = /(?:FileNotFound|Permission)Error executing (.*)/.exec(logs.join('\n')) ?? [];
    return command === undefined
      ? undefined
      : { cause: `the image of the task cannot start its program: ${command}`, hint: imageHint };
  },
  (ended) =>
    ended.code === 127
      ? {
          cause: `the image of the task lacks ${ended.isInit ? 'bash, tar or coreutils' : 'python3 or bash'}: ${where(ended)} ended with exit code 127 (command not found) before it could log anything`,
          hint: imageHint,
        }
      : undefined,
  (ended) =>
    ended.code === 126
      ? {
          cause: `the image of the task has a program that cannot be executed: ${where(ended)} ended with exit code 126`,
          hint: `${imageHint}; it must be executable for the user of the task`,
        }
      : undefined,
  ({ reason, exitStatus }) =>
    unstartable.test(`${reason} ${exitStatus}`)
      ? { cause: `the image of the task could not be started: ${reason || exitStatus}`, hint: imageHint }
      : undefined,
  (ended) =>
    /OOMKilled/.test(ended.reason)
      ? {
          cause: `the task used more memory than it may (OOMKilled): ${where(ended)} ended with exit code ${ended.code}`,
          hint: 'raise the memory limit of its pod, or the memory of the node (native.memoryMb, minikube.memoryMb)',
        }
      : undefined,
  (ended) =>
    ended.code === 80
      ? {
          cause: `the log shipper of the task crashed (exit code 80)${lastWords(ended)}`,
          hint: 'see the whole task log, and the log of the master',
        }
      : undefined,
];

const endOf = (seen: Sighting, code: number): Ended => {
  const terminated = seen.pods.flatMap(statusesOf).flatMap(({ state }) => state?.terminated ?? []);
  const failed = terminated.find(({ exitCode }) => exitCode !== 0);
  const reason = [failed?.reason, failed?.message].filter(Boolean).join(': ');
  return { ...seen, code, reason, isInit: /determined-init-container/.test(seen.exitStatus) };
};

/** An end that the exit code alone explains; the words of the task log are more precise where there are any. */
export const exitCode: TaskRule = {
  isFinal: true,
  find: (seen) => {
    const code = codeIn(seen.exitStatus);
    if (code === undefined) return undefined;
    const ended = endOf(seen, code);
    return rules.reduce<Finding | undefined>((found, rule) => found ?? rule(ended), undefined);
  },
};
