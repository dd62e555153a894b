import { expect, test } from 'vitest';
import { insideCommand } from '../../scripts/rig/inside.ts';

test('a command enters every namespace but the user one, keeps its folder and gets its environment there', () => {
  const line = insideCommand(42, ['npx', 'vitest'], { cwd: '/work', env: { DOCKER_HOST: 'unix:///x', A: 'b c' } });
  expect(line.slice(0, 9)).toEqual('nsenter --target 42 --net --mount --pid --cgroup --ipc --uts'.split(' '));
  expect(line.slice(9)).toEqual(['--wdns=/work', 'env', 'DOCKER_HOST=unix:///x', 'A=b c', 'npx', 'vitest']);
});
