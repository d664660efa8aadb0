// What a conference is, as the page needs it: who was in it when and in which way, its announcements, its time left.

import { fileName } from "./words.js";

const FILE = /^https?:\/\/\S+$/;
const BLINK = 20; // ms: two things that happen at once may have two times
const LONG = 16; // characters of a name that are shown whole

export const moment = (text) => (text ? Date.parse(text) : null);

/** A name that says nothing to people is shown by its beginning and its end. */
export const short = (name) => (name.length > LONG ? `${name.slice(0, 6)}…${name.slice(-4)}` : name);

/** An event without whom it is about: "participant-join" -> "join". */
export const plain = (event) => event.replace(/^(participant|conference)-/, "");

export const isOver = (conference) => conference.status === "completed";

/** Those who are in the room now. */
export const present = (conference) => conference.participants.filter((one) => one.status === "connected");

/** Everybody once, in the order of coming, each as they are or were last. */
export const everybody = (conference) => [...new Map(conference.participants.map((one) => [one.call_sid, one])).values()];

/** The newest that still goes on; else the newest. */
export function newest(conferences) {
  const latest = [...conferences].reverse();
  return latest.find((one) => !isOver(one)) || latest[0] || null;
}

/** What an announcement said: its words, or the name of its file; as long as nothing was heard, where it is to come from. */
export function said({ text, url }) {
  if (!text) return URL.canParse(url) ? new URL(url).pathname : url;
  return FILE.test(text) ? `♪ ${fileName(text)}` : text;
}

/** Which way somebody is in the room, as one word. */
export const manner = ({ hold, muted }, started) => (hold ? "hold" : !started ? "wait" : muted ? "muted" : "in");

/**
 * The times that somebody spent in a conference in one way: {call_sid, from, to (null: still), manner}, times in ms.
 * How somebody came in is what the first change says it was not; without a change it is what it is now.
 */
export function stays(conference) {
  const started = moment(conference.started_at);
  const events = conference.timeline.map((entry) => ({ at: moment(entry.at), what: plain(entry.event), sid: entry.call_sid }));
  const found = [];
  for (const one of conference.participants) {
    const [joined, left] = [moment(one.joined_at), moment(one.left_at)];
    const own = events.filter(({ at, what, sid }) => sid === one.call_sid && /^un(mute|hold)$|^(mute|hold)$/.test(what) && at >= joined && (left === null || at <= left));
    const before = (change, now) => {
      const first = own.find(({ what }) => what.endsWith(change));
      return first ? first.what.startsWith("un") : now;
    };
    const state = { hold: before("hold", one.hold), muted: before("mute", one.muted) };
    let from = joined;
    const until = (to) => {
      if (to === null || to - from > BLINK) found.push({ call_sid: one.call_sid, from, to, manner: manner(state, started !== null && started <= from) });
      from = to;
    };
    const turns = started !== null && started > joined && (left === null || started < left) ? [...own, { at: started }] : own;
    for (const { at, what } of turns.sort((a, b) => a.at - b.at)) {
      until(at);
      if (what) state[what.endsWith("hold") ? "hold" : "muted"] = !what.startsWith("un");
    }
    until(left);
  }
  return found;
}

/** The first of those in the room whose time ends: {at, one}; null if nobody is there. */
export function limit(conference) {
  const limits = present(conference).filter((one) => one.time_limit_at).map((one) => ({ at: moment(one.time_limit_at), one }));
  return limits.sort((a, b) => a.at - b.at)[0] || null;
}

/** Which webhook belongs to what happened in conferences: the callback of an event, the request for an announcement. */
export class Callbacks {
  constructor(conferences, webhooks, parameters) {
    this.told = new Map();
    this.asked = new Map();
    const sids = new Set(conferences.map(({ sid }) => sid));
    if (!sids.size) return;
    const put = (map, key, value) => map.set(key, [...(map.get(key) || []), value]);
    const known = new Set();
    for (const entry of webhooks) {
      const given = new Map(parameters(entry));
      const sid = given.get("ConferenceSid");
      if (!sids.has(sid)) continue;
      const [event, number] = [given.get("StatusCallbackEvent"), given.get("SequenceNumber")];
      if (!event) put(this.asked, sid, entry);
      // One that is delivered twice tells of one event.
      else if (!known.has(`${sid} ${number}`)) {
        known.add(`${sid} ${number}`);
        put(this.told, `${sid} ${event} ${given.get("CallSid") ?? ""}`, entry.sequence);
      }
    }
  }

  /** The callbacks of one kind of event, in their order. */
  of(conference, event, call) {
    return this.told.get(`${conference.sid} ${event} ${call ?? ""}`) || [];
  }

  /** The request for each announcement of a conference; null where there was none. */
  words(conference) {
    const requests = [...(this.asked.get(conference.sid) || [])];
    return conference.announcements.map(({ url, at }) => {
      const found = requests.findIndex((entry) => entry.url.startsWith(url) && moment(entry.at) <= moment(at) + BLINK);
      return found < 0 ? null : requests.splice(found, 1)[0].sequence;
    });
  }
}
