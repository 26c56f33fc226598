"""Routes for users."""

from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from media_common.dependencies import ClockDep, StoreDep
from media_common.ids import new_id
from media_common.models import NewUser, User
from media_common.repository import Repository

router = APIRouter(prefix="/users", tags=["users"])


def get_users(store: StoreDep) -> Repository[User]:
    """Return the collection of users."""
    return Repository(store, "users", User)


UsersDep = Annotated[Repository[User], Depends(get_users)]


@router.post("", status_code=HTTPStatus.CREATED)
async def create_user(new: NewUser, users: UsersDep, clock: ClockDep) -> User:
    """Create a user."""
    user = User(id=new_id("usr"), created_at=clock.now(), **new.model_dump())
    await users.add(user)
    return user


@router.get("/{user_id}")
async def read_user(user_id: str, users: UsersDep) -> User:
    """Return one user."""
    return await users.get(user_id)
