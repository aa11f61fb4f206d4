"""Record: what all parts of documents are made of."""

from pydantic import BaseModel, ConfigDict


class Record(BaseModel):
    """Frozen; what a later version adds is ignored, not refused."""

    model_config = ConfigDict(frozen=True, extra="ignore")
