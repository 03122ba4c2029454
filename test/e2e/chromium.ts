import { existsSync } from 'node:fs';
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core';

const EXECUTABLE: string = process.env.COATCHECK_CHROMIUM ?? '/usr/bin/chromium';

const LAUNCH = {
  executablePath: EXECUTABLE,
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-quic',
    '--no-first-run',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
  ],
};

/** Why there is no browser here; undefined where there is one. */
export const missing: string | undefined = existsSync(EXECUTABLE)
  ? undefined
  : `there is no Chromium at ${EXECUTABLE}: install it, or name one in COATCHECK_CHROMIUM`;

/** With a new, empty profile. */
export function launch(): Promise<Browser> {
  return chromium.launch(LAUNCH);
}

/** The same with the cache of whole pages behind the back button, which automation switches off. */
export function launchWithBackCache(): Promise<Browser> {
  return chromium.launch({ ...LAUNCH, ignoreDefaultArgs: ['--disable-back-forward-cache'] });
}

/** With the profile in `folder`, which outlives the browser. */
export function launchIn(folder: string, baseURL: string): Promise<BrowserContext> {
  return chromium.launchPersistentContext(folder, { ...LAUNCH, baseURL });
}

/** Collects what a page complains about, from now on. */
export function complaints(context: BrowserContext): string[] {
  const heard: string[] = [];
  const listen = (page: Page) => {
    page.on('console', (message) => {
      if (message.type() === 'error' || message.type() === 'warning') heard.push(message.text());
    });
    page.on('pageerror', (error) => heard.push(String(error)));
  };
  for (const page of context.pages()) listen(page);
  context.on('page', listen);
  return heard;
}
