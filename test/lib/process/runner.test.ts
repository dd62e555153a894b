import { expect, test } from 'vitest';
import { type Command, CommandError } from '../../../src/lib/process/runner.ts';

const command: Command = ['minikube', 'start'];
const stderr = ['one', 'two', 'three', 'four', 'five', 'six'].join('\n');

test.each<readonly [details: ConstructorParameters<typeof CommandError>[1], message: string]>([
  [{ exitCode: 3 }, 'minikube start exited with 3'],
  [{ exitCode: 3, stderr: 'no daemon\n' }, 'minikube start exited with 3: no daemon'],
  [{ exitCode: 1, stderr }, 'minikube start exited with 1: two\nthree\nfour\nfive\nsix'],
  [{ timedOut: true, exitCode: 1 }, 'minikube start timed out'],
  [{ reason: 'spawn minikube ENOENT' }, 'minikube start spawn minikube ENOENT'],
  [{}, 'minikube start was terminated'],
])('the message of a failed command: %j', (details, message) => {
  expect(new CommandError(command, details)).toMatchObject({ message, name: 'CommandError', command });
});
