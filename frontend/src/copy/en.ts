/**
 * Every word of the page that is not the assistant's own. Plain, kind, at about a sixth-grade level;
 * no advice and no promise. What went wrong is always followed by what to do.
 */
import type { VoiceProblem } from "../realtime/voice";

export const title: string = "Welcome";

export const exit = {
  button: "Leave this page",
  note: "Opens a different page right away, and closes this conversation in this browser. The visit stays in your browser’s history.",
  left: "You have left the conversation.",
};

export const skipLink: string = "Go to the conversation";

export const loading: string = "One moment, please.";

export const welcome = {
  heading: "Before we start",
  consents: "Your choices",
  service: "I understand, and I want to use this service.",
  serviceHint: "Needed to go on. What you write here is kept for the firm.",
  start: "Start",
  starting: "Starting…",
  needService: "To go on, please tick the box. If you do not want to, you can call the firm instead.",
};

export const conversation = {
  heading: (firm: string): string => `Your conversation with ${firm}`,
  log: "Conversation",
  assistant: "Assistant (AI)",
  staff: "The firm",
  notice: "Notice",
  client: "You",
  spoken: "spoken",
  sending: "Sending…",
  replaced: "Corrected below. You said before:",
  corrects: "Your correction",
  correct: "Correct this",
  correctLabel: "What should it say?",
  saveCorrection: "Save correction",
  cancel: "Cancel",
  notSent: "Not sent yet.",
  tryAgain: "Try again",
  remove: "Remove",
};

export const choices = {
  unknown: "I don’t know",
  skip: "I’d rather not say",
  back: "Go back one question",
  orType: "Or answer in your own words.",
};

export const language = {
  /** What the button to the other language says, in that language. */
  names: { en: "English", es: "Español" } as Record<string, string>,
};

export const agreements = {
  heading: "Your choices",
  lead: "This is what you said yes or no to. You can change each of these at any time.",
  anytime: "You can change this at any time under “Your choices”, at the top of the page.",
  yes: "Yes, that is fine",
  no: "No, thank you",
  given: "You said yes.",
  notGiven: "You have not said yes.",
  give: "I agree",
  takeBack: "Take this back",
  takeBackNow: "Yes, take it back",
  keep: "No, leave it as it is",
  close: "Close",
};

export const composer = {
  label: "Your answer",
  nameHint: "Press Enter or “Send answer” when you are ready.",
  storyHint: "Take your time. Add as many pieces as you like. Press Done when you have said everything.",
  submit: "Send answer",
  speak: "Speak instead",
  done: "Done",
  finishing: "Saving…",
  tooLong: "That is very long. Please send it in two or more pieces.",
};

export const voice = {
  explainHeading: "Before the microphone opens",
  explain: "Your browser may ask if this page can use the microphone. Choose “Allow” to speak.",
  explainWords: "We turn what you say into words, and you can correct them.",
  explainKept: "You said that the recording may be kept.",
  explainNotKept: "The recording is not kept, only the words.",
  open: "Turn on the microphone",
  agreeAndOpen: "I agree. Turn on the microphone",
  keepTyping: "Keep typing",
  stop: "Stop the microphone",
  region: "Microphone",
  captionLabel: "What we hear (a draft)",
  pauses: "Take your time. Pauses are fine.",
  states: {
    opening: "Opening the microphone",
    listening: "Listening",
    hearing: "Listening. We can hear you.",
    connecting: "Listening. Connecting…",
    reconnecting: "Reconnecting, still recording",
    stopping: "Writing down your last words",
    stoppingOffline: "Reconnecting. Your last words are safe on this page.",
  },
  problems: {
    denied:
      "The browser did not let us use the microphone. You can allow it in the browser’s settings for this page and try again. You can also go on typing.",
    missing: "We could not find a microphone. Plug one in and try again, or go on typing.",
    busy: "Another program is using the microphone. Close it and try again, or go on typing.",
    unsupported: "This browser cannot use the microphone on this page. Please go on typing.",
    lost: "The microphone was turned off or unplugged. What you said so far is kept. You can try again, or go on typing.",
    unknown: "The microphone did not open. You can try again, or go on typing.",
    replaced: "You are speaking in another tab or window, so we stopped listening here.",
    refused: "We cannot take speech right now. What we have already written down is kept. Please go on typing.",
    closed: "This part of the conversation is over, so we stopped listening.",
    withdrawn: "You took back that we turn your voice into words, so we stopped listening. You can go on typing.",
    language: "The microphone does not understand this language yet, so we stopped listening. You can go on typing.",
    capacity: "Many people are speaking with us right now. Please type, or try to speak again in a few minutes.",
    full: "The connection has been gone for too long, so we stopped listening. Please wait until it is back, look at what was written down, and go on from there. You can also type.",
    unheard: "We could not write down one part of what you said. Please say it again, or type it.",
  } satisfies Record<VoiceProblem, string>,
};

export const digits = {
  label: "The six digits",
  hint: "They are in the message that we sent. It can take a minute or two until it comes.",
  submit: "Check the digits",
};

export const later = {
  button: "Continue later",
  heading: "Stop here and come back",
  lead: (days: number): string =>
    `You get a code to write down. With it you can go on here for ${days} days, also on another phone or computer.`,
  pin: "Choose a PIN of six digits",
  pinIfYouLike: "Choose a PIN of six digits, if you like",
  pinHint: "You will be asked for it when you come back. Choose one that nobody who knows you would guess, so not a birthday.",
  pinOrCode: "Without a PIN, we send a code to a safe address of yours when you come back. Choose one that nobody would guess, so not a birthday.",
  sixDigits: "Please choose six digits.",
  link: "Shall we also send you a link?",
  linkHint: (host: string): string =>
    `The link shows this page’s address, ${host}. Only choose it if nobody else reads your messages.`,
  noLink: "No link",
  linkBy: {
    email: (shown: string): string => `By e-mail to ${shown}`,
    phone: (shown: string): string => `By text to ${shown}`,
  },
  make: "Give me a code",
  stay: "Stay here",
  noted: "Please write this code down",
  code: "Your code to come back",
  once: "It is shown only now. The last sign helps us to find typing mistakes.",
  how: (host: string, until: string): string =>
    `To go on, open ${host} and choose “Go on with a conversation”. The code works until ${until}.`,
  withPin: "You will also need your PIN.",
  withCode: "We will then send a code to your safe address.",
  linkSent: "We have asked for the link to be sent.",
  leave: "Leave this page now",
};

export const comeBack = {
  open: "Go on with a conversation",
  heading: "Go on where you stopped",
  lead: "Please type the code that you wrote down, and your PIN.",
  leadLink: "Please type your PIN. What you said before stays hidden until then.",
  code: "Your code",
  codeHint: "Nine letters and numbers, such as 7KQ-2X9-RDJ. Capitals and dashes do not matter.",
  pin: "Your PIN",
  noPin: "No PIN, or forgotten?",
  sendBy: { email: "Send me a code by e-mail", phone: "Send me a code by text" },
  perhapsSent: "If this is right and you marked that way as safe, a message is on its way. It can take a minute or two.",
  needCode: "Please type your code first.",
  needPin: "Please type the six digits of your PIN.",
  needEither: "Please type the six digits from the message, or those of your PIN.",
  goOn: "Go on",
  lost: "If you have lost the code, you can call the firm, or start again.",
  anew: "Start a new conversation",
};

export const paused = {
  heading: "We have paused",
  goOn: "I am safe, go on",
  stay: "This page stays open. Nothing that you wrote is lost.",
  say: "You can also write here.",
};

export const review = {
  heading: "Is this right?",
  lead: "Please read what we have. You can correct anything.",
  name: "Your name",
  otherSide: "The other side",
  nothing: "Nothing yet",
  story: "What happened",
  send: (firm: string): string => `Send to ${firm}`,
  sending: "Sending…",
  inferred: "We took this from what you told us.",
  also: (text: string): string => `You also said: ${text}`,
  right: "This is right",
  confirmed: "You said that this is right.",
  byFirm: "Written down by the firm.",
  afterSend: "When you press Send, your answers go to the people at the firm.",
  whole: "Everything that was said",
};

export const sent = {
  heading: "Your answers are with the firm",
  reference: "Your reference number",
  keep: "Please write this number down. The firm can find your answers with it.",
  next: "A person at the firm will read what you said. You can close this page now.",
  notClient: "This does not make you a client of the firm yet.",
  whole: "Read what you said",
  another: "Start another conversation",
};

export const stopped = {
  heading: "We have stopped here for now",
  byYou: "You stopped this conversation",
  close: "You can close this page. What you said up to here stays with the office. You can start again at any time.",
  stay: "You can keep this page open. If there is anything new, it will say so here.",
  whole: "Read what you said",
};

export const failed = {
  heading: "This page is not working right now",
  again: "Try again",
};

export const problems: Record<string, string> = {
  network: "We could not reach the firm’s page. Check your connection and try again. Nothing you sent is lost.",
  timeout: "The answer is taking too long. Please try again. Nothing you sent is lost.",
  consent_required: welcome.needService,
  no_such_wording: "The words of this choice have changed. Please load the page again and read them.",
  moved_on: "This conversation is no longer open on this page. If you went on somewhere else, you can go on there. With your code you can also come back to it here.",
  no_intake: "We could not find this conversation any more. Please load the page again.",
  stage_closed: "This part of the conversation is over, so this could not be added.",
  text_empty: "Please write something first.",
  text_too_long: composer.tooLong,
  too_large: composer.tooLong,
  content_too_large: composer.tooLong,
  still_coming: "Your last spoken words are still on their way. Please wait a moment, then press Done again.",
  unsent: "One of your answers is not sent yet. Please send it again or remove it, then press Done.",
  nothing_said: "Please tell us what happened first, in a few words.",
  resume_refused: "This did not work. Please check the code and the digits, and try again. A code works only for some days.",
  resume_locked: "There were too many tries, so we wait a little. Please try again later.",
  too_many_tries: "This was tried very often. Please wait a while, then try again.",
  code_mistyped: "There is a typing mistake in the code. Please check each letter and number.",
  pin_too_easy: "That PIN is easy to guess. Please choose six other digits, not all the same and not in a row.",
  second_factor_needed: "Please choose a PIN.",
  way_not_safe: "We cannot send anything this way. Please choose another one.",
  http_403: "We could not do that. Please load the page again.",
  http_404: "We could not find that. Please load the page again.",
  http_429: "That was a little fast for us. Please wait a moment and try again.",
  http_503: "The firm’s page is being looked after and will be back soon. Please try again in a minute.",
};

/** For a code that we do not know. */
export const anyProblem: string = "Something went wrong on our side. Please try again. Nothing you sent is lost.";
