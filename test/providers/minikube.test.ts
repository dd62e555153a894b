import { expect, test } from 'vitest';
import { placeOf } from '../../src/providers/minikube.ts';
import { commandContext } from '../support/context.ts';

const contextOf = (name: string, stateDir: string) => commandContext({ name, folders: { stateDir, cacheDir: '/c' } });

test('a profile has the mark of its state folder: two users of one Docker have two', () => {
  const profileOf = (name: string, stateDir: string) => placeOf(contextOf(name, stateDir), undefined).profile;
  const [mine, theirs] = ['/home/a/state', '/home/b/state'].map((dir) => profileOf('dev', dir));
  expect(mine).toMatch(/^taskgate-dev-[0-9a-f]{6}$/);
  expect(theirs).not.toBe(mine);
  expect(profileOf('dev', '/home/a/state')).toBe(mine);
  // a container's host name has at most 63 characters
  expect(profileOf('x'.repeat(40), '/s').length).toBeLessThanOrEqual(63);
});

test('an instance keeps the profile that it was made with', () => {
  const context = contextOf('dev', '/s');
  const made = { ...placeOf(context, undefined), profile: 'taskgate-dev' };
  expect(placeOf(context, made)).toMatchObject({ profile: 'taskgate-dev', profileGiven: false });
});
