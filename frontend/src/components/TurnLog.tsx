import { type ReactElement, useState } from "react";
import type { Option, Turn } from "../api/types";
import * as copy from "../copy";
import type { Pending } from "../state/reducer";
import { Correction } from "./Correction";

interface Props {
  turns: Turn[];
  pending: Pending[];
  /** Absent where nothing can be corrected any more. */
  onCorrect?: ((turn: Turn, text: string) => void) | undefined;
  onRetry?: ((pending: Pending) => void) | undefined;
  onDrop?: ((pending: Pending) => void) | undefined;
}

/** The conversation so far. Only finished turns are in here, so only they are read aloud. */
export function TurnLog({ turns, pending, onCorrect, onRetry, onDrop }: Props): ReactElement {
  return (
    <div className="log" role="log" aria-live="polite" aria-label={copy.conversation.log}>
      {turns.map((turn) => (
        <TurnEntry key={turn.number} turn={turn} onCorrect={onCorrect} />
      ))}
      {pending.map((each) => (
        <PendingEntry key={each.clientRef} pending={each} onRetry={onRetry} onDrop={onDrop} />
      ))}
    </div>
  );
}

function TurnEntry({ turn, onCorrect }: { turn: Turn; onCorrect: Props["onCorrect"] }): ReactElement {
  const replaced = turn.superseded_by != null;
  return (
    <div className={`turn turn-${turn.role}`} data-number={turn.number}>
      <p className="who">
        {whoSaid(turn)}
        {turn.modality === "voice" && <span className="how"> ({copy.conversation.spoken})</span>}
      </p>
      {replaced ? (
        <>
          <p className="hint">{copy.conversation.replaced}</p>
          <p className="said" dir="auto">
            <del>{turn.text}</del>
          </p>
        </>
      ) : (
        <p className="said" dir="auto">
          {turn.text}
        </p>
      )}
      {turn.role === "client" && !replaced && onCorrect && (
        <CorrectThis text={turn.text} onSave={(text) => onCorrect(turn, text)} />
      )}
    </div>
  );
}

function whoSaid(turn: Turn): string {
  if (turn.role === "client") {
    return turn.supersedes == null ? copy.conversation.client : copy.conversation.corrects;
  }
  return copy.conversation[turn.role];
}

interface CorrectProps {
  text: string;
  choices?: Option[];
  onSave: (text: string) => void;
}

/** A small button that opens an editor in its place and gives the focus back when it closes. */
export function CorrectThis({ text, choices = [], onSave }: CorrectProps): ReactElement {
  const [open, setOpen] = useState(false);
  const [returning, setReturning] = useState(false);
  if (open) {
    return (
      <Correction
        text={text}
        choices={choices}
        onSave={(corrected) => {
          setOpen(false);
          onSave(corrected);
        }}
        onCancel={() => {
          setReturning(true);
          setOpen(false);
        }}
      />
    );
  }
  return (
    <button
      type="button"
      className="text-button"
      autoFocus={returning}
      aria-label={`${copy.conversation.correct}: ${text.slice(0, 60)}`}
      onClick={() => setOpen(true)}
    >
      {copy.conversation.correct}
    </button>
  );
}

function PendingEntry({
  pending,
  onRetry,
  onDrop,
}: { pending: Pending } & Pick<Props, "onRetry" | "onDrop">): ReactElement {
  return (
    <div className="turn turn-client turn-pending">
      <p className="who">
        {pending.supersedes === null ? copy.conversation.client : copy.conversation.corrects}
      </p>
      <p className="said" dir="auto">
        {pending.text}
      </p>
      {pending.failed === null ? (
        <p className="hint">{copy.conversation.sending}</p>
      ) : (
        <>
          <p className="problem">
            {copy.conversation.notSent} {copy.problemWords(pending.failed)}
          </p>
          <button type="button" className="text-button" onClick={() => onRetry?.(pending)}>
            {copy.conversation.tryAgain}
          </button>
          <button type="button" className="text-button" onClick={() => onDrop?.(pending)}>
            {copy.conversation.remove}
          </button>
        </>
      )}
    </div>
  );
}
