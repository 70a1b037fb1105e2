"""The schema of the random programs: two models that know each other, and one of each kind of relationship beside."""

from sqlalchemy import Column, ForeignKey, Integer, String, func
from sqlalchemy.ext.asyncio import AsyncSession, create_async_engine
from sqlalchemy.orm import column_property, declarative_base, deferred, relationship, sessionmaker
from sqlalchemy.pool import StaticPool

Base = declarative_base()


class Owner(Base):
    __tablename__ = "owner"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    bio = deferred(Column(String))
    stamp = Column(String, onupdate=func.current_timestamp())
    made = Column(String, server_default="there")
    loud = column_property(func.upper(name))
    items = relationship("Item", back_populates="owner")
    badges = relationship("Badge", lazy="selectin")
    locks = relationship("Lock", lazy="raise")
    profile = relationship("Profile", uselist=False)


class Item(Base):
    __tablename__ = "item"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    note = deferred(Column(String))
    owner_id = Column(ForeignKey("owner.id"))
    owner = relationship("Owner", back_populates="items")


class Badge(Base):
    __tablename__ = "badge"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    owner_id = Column(ForeignKey("owner.id"))


class Lock(Base):
    __tablename__ = "lock"
    id = Column(Integer, primary_key=True)
    owner_id = Column(ForeignKey("owner.id"))


class Profile(Base):
    __tablename__ = "profile"
    id = Column(Integer, primary_key=True)
    name = Column(String)
    owner_id = Column(ForeignKey("owner.id"))


engine = create_async_engine("sqlite+aiosqlite://", poolclass=StaticPool)
expiring = sessionmaker(engine, class_=AsyncSession)
keeping = sessionmaker(engine, class_=AsyncSession, expire_on_commit=False)
