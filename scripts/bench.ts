import { bench } from './bench/main.ts';

process.exitCode = await bench(process.argv.slice(2));
