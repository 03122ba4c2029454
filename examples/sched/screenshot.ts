import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createSessions } from 'coatcheck';
import { chromium, type Page } from 'playwright-core';
import { schedApp } from './app.ts';
import { daysAfter } from './days.ts';

/** Takes the README's pictures into docs/images: npx tsx examples/sched/screenshot.ts */

const TODAY = '2026-11-24';
const now = () => new Date(`${TODAY}T08:40:00`);

const APPOINTMENTS = [
  { day: 0, time: '09:30', minutes: '45', title: 'Dentist', place: 'Dr. Okafor, 12 Harbour Street', note: '' },
  {
    day: 0,
    time: '14:00',
    minutes: '60',
    title: 'Plans for the garden',
    place: 'Video call',
    note: 'Bring the sketch.',
  },
  { day: 1, time: '11:15', minutes: '30', title: 'Bicycle from the repair shop', place: 'Spoke & Wheel', note: '' },
  { day: 3, time: '18:30', minutes: '120', title: 'Choir rehearsal', place: 'St. Mary’s hall', note: '' },
  { day: 5, time: '10:00', minutes: '90', title: 'Walk with Lena', place: 'North gate of the park', note: '' },
];

const images = fileURLToPath(new URL('../../docs/images/', import.meta.url));
const profile = await mkdtemp(join(tmpdir(), 'sched-pictures-'));
const sessions = createSessions({ cookie: { secure: false } });
const server = schedApp(sessions, { now, secure: false }).listen(0, '127.0.0.1');
await once(server, 'listening');
const address = server.address();
const origin = `http://127.0.0.1:${typeof address === 'object' && address !== null ? address.port : 0}`;
const context = await chromium.launchPersistentContext(profile, {
  executablePath: process.env.COATCHECK_CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox', '--disable-gpu', '--no-first-run'],
});
try {
  const page = await context.newPage();
  await signUp(page);
  for (const appointment of APPOINTMENTS) await add(page, appointment);
  await page.goto(`${origin}/new`);
  await page.getByLabel('What is it about?').fill('Library: return the atlas');
  await page.getByRole('button', { name: 'Keep as draft' }).click();
  await page.getByText('Draft kept:').waitFor();
  await take(page, 'sched.png', { width: 1200, height: 800 });
  await take(page, 'sched-phone.png', { width: 390, height: 844 });
} finally {
  await context.close();
  server.close();
  await sessions.close();
  await rm(profile, { recursive: true, force: true });
}

async function signUp(page: Page) {
  await page.goto(`${origin}/register`);
  await page.getByLabel('Name').fill('nora');
  await page.getByLabel('Password').fill('a coat and a ticket');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.getByRole('heading', { name: 'Appointments' }).waitFor();
}

async function add(page: Page, { day, time, minutes, title, place, note }: (typeof APPOINTMENTS)[number]) {
  await page.goto(`${origin}/new`);
  await page.getByLabel('What is it about?').fill(title);
  await page.getByLabel('Day').fill(daysAfter(TODAY, day));
  await page.getByLabel('Time').fill(time);
  await page.getByLabel('Length').selectOption(minutes);
  await page.getByLabel('Place').fill(place);
  await page.getByLabel('Note').fill(note);
  await page.getByRole('button', { name: 'Add appointment' }).click();
  await page.getByRole('heading', { name: title }).waitFor();
}

async function take(page: Page, name: string, viewport: { width: number; height: number }) {
  await page.setViewportSize(viewport);
  await page.goto(origin);
  await page.screenshot({ path: join(images, name) });
}
